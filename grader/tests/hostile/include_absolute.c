/*
 * What: the text of a file of the machine, in the compiler's messages
 * Status: build_error
 * Text: #include of '/etc/passwd' is not allowed
 */
#include "/etc/passwd"
