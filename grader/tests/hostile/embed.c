/*
 * What: a file as data
 * Status: build_error
 * Text: #embed is not allowed
 */
static const char secret[] = {
#embed "/etc/passwd"
};
