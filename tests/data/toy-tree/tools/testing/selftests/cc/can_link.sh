#!/bin/sh
# Whether the compiler can make a program at all: 1 or nothing.
echo 'int main(void) { return 0; }' | "$1" -x c -o /dev/null - 2>/dev/null && echo 1
exit 0
