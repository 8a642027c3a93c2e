/*
 * What: .incbin in an assembly file
 * Status: build_error
 * Text: .incbin is not allowed
 */
    .section .rodata
secret: .incbin "/etc/passwd"
