# What the build must know of amd64.
ARCH_CFLAGS = -mno-omit-leaf-frame-pointer -fcf-protection=none
