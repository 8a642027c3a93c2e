/**
 * @file words.c
 * What HTTP says in words: dates, content types, statuses.
 */
#include "httpd.h"

int hexvalue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/** True if there is a 29 February in year. */
static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/** Days of month (0 is January). */
static int64_t monthdays(int64_t year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && leap(year) ? 1 : 0);
}

/** Days from 1970 to the beginning of year. */
static int64_t yearstart(int64_t year)
{
    int64_t y = year - 1;
    return (year - 1970) * 365 + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

void date_format(char buf[DATE_ROOM], int64_t t)
{
    int64_t day = t / 86400, second = t % 86400;
    int64_t year = 1970 + day / 366; /* never too late */
    while (yearstart(year + 1) <= day)
        year++;
    int64_t rest = day - yearstart(year);
    int month = 0;
    while (rest >= monthdays(year, month))
        rest -= monthdays(year, month++);
    gosnprintf(buf, DATE_ROOM, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[(day + 4) % 7], (int)rest + 1,
               months[month], (int)year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

/** Cuts the number before the next c from *s; -1 if there is none. */
static int64_t cutnumber(Text *s, char c)
{
    int64_t v;
    return text_number(text_cut(s, c), &v) ? v : -1;
}

int64_t date_parse(Text s)
{
    text_cut(&s, ' '); /* the weekday says nothing new */
    int64_t day = cutnumber(&s, ' ');
    Text name = text_cut(&s, ' ');
    int64_t year = cutnumber(&s, ' '), hour = cutnumber(&s, ':'), minute = cutnumber(&s, ':');
    int64_t second = cutnumber(&s, ' ');
    int month = 0;
    while (month < 12 && !text_is(name, months[month]))
        month++;
    if (!text_is(s, "GMT") || month == 12 || year < 1970 || year > 9999 || day < 1 ||
        day > monthdays(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return -1;
    int64_t days = yearstart(year) + day - 1;
    for (int m = 0; m < month; m++)
        days += monthdays(year, m);
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

const char *content_type(Text path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"}, {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},   {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"}, {"md", "text/markdown; charset=utf-8"},
        {"c", "text/plain; charset=utf-8"},   {"h", "text/plain; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},   {"json", "application/json"},
        {"xml", "application/xml"},           {"svg", "image/svg+xml"},
        {"png", "image/png"},                 {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},               {"gif", "image/gif"},
        {"webp", "image/webp"},               {"ico", "image/x-icon"},
        {"pdf", "application/pdf"},           {"wasm", "application/wasm"},
        {"zip", "application/zip"},           {"gz", "application/gzip"},
        {"woff2", "font/woff2"},              {"mp4", "video/mp4"},
        {"mp3", "audio/mpeg"},
    };
    size_t dot = path.n;
    while (dot > 0 && path.p[dot - 1] != '.' && path.p[dot - 1] != '/')
        dot--;
    if (dot > 0 && path.p[dot - 1] == '.') {
        Text suffix = {path.p + dot, path.n - dot};
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            if (text_isnocase(suffix, types[i].suffix))
                return types[i].type;
        }
    }
    return "application/octet-stream";
}

const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "Unknown";
}
