    .globl object
    .type object, @object
    .data
object: .skip 24
    .size object, 24
