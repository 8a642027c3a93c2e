/*
 * What: a common symbol that would be merged with the kit's variable
 * Status: forbidden_symbol
 * Text: weak or common
 */
#include "core.h"

__attribute__((common)) char agents_variable[4096];
