//! Memory back to the kernel. The allocator keeps what was freed, in pieces between what is still
//! in use; after a crowd has left it is told to let whole pages go.

/// Lets free pages go. Takes some milliseconds after a large crowd, for all threads that allocate.
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: no pointers are passed; the allocator locks its own structures.
    unsafe {
        libc::malloc_trim(0);
    }
}
