/*
 * What: eight gigabytes of initialized data
 * Status: build_error
 * Text: wrote more than 64 MiB
 */
char much[8ul << 30] = {1};
