//! Black-box tests live in black_box/.
