    .globl far_away, wide_value
far_away = 0x123456789a
wide_value = 0x1234
