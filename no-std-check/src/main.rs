//! A program that could not be linked if `miniws-proto`, or anything that it depends on, needed
//! `std`.
//!
//! - It has a panic handler and a global allocator of its own. `std` has both as well, so as soon as
//!   any crate in it pulls `std` in, the compiler refuses the second panic handler (E0152). To see
//!   that: `cargo build --features std`, which turns on the `std` feature of `miniws-proto`.
//! - It is linked without the C runtime and the C library (`build.rs`), so nothing in it can call
//!   the operating system behind the back of the Rust code either: such a symbol would be undefined.
//! - It runs: `cargo run` does handshakes, an echo and a close, and exits with 0 if all went well.
//!
//! What it needs of a machine is here: where the program begins, how it ends, memory, and the five
//! functions for blocks of bytes that compiled Rust code calls. It is for x86-64 Linux, but only
//! this file is.

#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

// The kernel leaves the stack aligned as before a call.
global_asm!(".globl _start", "_start:", "call {run}", "ud2", run = sym run);

extern "C" fn run() -> ! {
    let text = "grüße";
    let is_good = no_std_check::converse(text).is_some_and(|echoed| echoed == text);
    exit(if is_good { 0 } else { 1 })
}

fn exit(code: i32) -> ! {
    // SAFETY: system call 60 ends the process with the code in rdi.
    unsafe { asm!("syscall", in("rax") 60, in("rdi") code, options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(2)
}

/// Hands out a block of memory from its beginning to its end, and takes nothing back.
struct Arena {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

const SIZE: usize = 1 << 20;

#[global_allocator]
static ARENA: Arena = Arena {
    memory: UnsafeCell::new([0; SIZE]),
    used: AtomicUsize::new(0),
};

// SAFETY: no byte of the memory is handed out twice.
unsafe impl Sync for Arena {}

// SAFETY: what is handed out lies within the memory, is aligned, and overlaps nothing.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = self.memory.get().cast::<u8>();
        let room = layout.size() + layout.align();
        let used = self.used.fetch_add(room, Ordering::Relaxed);
        if used + room > SIZE {
            return null_mut();
        }
        // SAFETY: the room is enough for the padding and the size, and ends within the memory.
        unsafe {
            let start = memory.add(used);
            start.add(start.align_offset(layout.align()))
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// A panic aborts, so nothing unwinds, but `core` and `alloc` have been compiled to be able to.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(2)
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both blocks. In assembly, for the compiler would make of a
    // loop a call of this very function.
    unsafe {
        asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _);
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: the destination begins before the source, or behind its end: forwards is right.
        return unsafe { memcpy(to, from, count) };
    }
    // SAFETY: the caller vouches for both blocks, which are not empty.
    unsafe {
        asm!(
            "std", "rep movsb", "cld",
            inout("rcx") count => _,
            inout("rdi") to.add(count - 1) => _,
            inout("rsi") from.add(count - 1) => _,
        );
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for the block.
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte as u8);
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: the caller vouches for both blocks.
        let (left, right) =
            unsafe { (left.add(at).read_volatile(), right.add(at).read_volatile()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the same promises.
    unsafe { memcmp(left, right, count) }
}
