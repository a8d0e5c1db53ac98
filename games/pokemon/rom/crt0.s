@ The ROM's header and what runs before main. The logo area is left empty: no emulator needs it.
    .section .header, "ax"
    .arm
    .global _start
_start:
    b start
    .space 156
    .ascii "LANTERNVALE\0"
    .ascii "PHLV"
    .ascii "PH"
    .byte 0x96, 0, 0
    .space 7
    .byte 0
    .byte 0                @ header checksum: build.py writes it
    .space 2

start:
    mov r0, #0xD2          @ interrupt mode
    msr cpsr_c, r0
    ldr sp, =0x03007FA0
    mov r0, #0x5F          @ system mode
    msr cpsr_c, r0
    ldr sp, =0x03007F00
    ldr r0, =__bss_start
    ldr r1, =__bss_end
    mov r2, #0
1:  cmp r0, r1
    strlo r2, [r0], #4
    blo 1b
    ldr r0, =__state_start
    ldr r1, =__state_end
2:  cmp r0, r1
    strlo r2, [r0], #4
    blo 2b
    ldr r0, =interrupt
    ldr r1, =0x03007FFC
    str r0, [r1]
    ldr r0, =main
    bx r0

interrupt:                 @ acknowledge it; whoever halted goes on
    ldr r0, =0x04000202
    ldrh r1, [r0]
    strh r1, [r0]
    ldr r0, =0x03007FF8
    ldrh r2, [r0]
    orr r2, r2, r1
    strh r2, [r0]
    bx lr
    .pool
