//! Keeps a second process away from the database, and the database away from network disks.
//!
//! The lock is an advisory one on a file beside the database, so that it also holds between two
//! versions of Souk and never touches the locks that SQLite itself takes on the database file.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use crate::StoreError;

/// File systems on which WAL does not work (shared memory is per machine).
const NETWORK_KINDS: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "fuse.sshfs",
];

/// Held for as long as the store is open.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    _file: File,
}

/// Takes the lock beside the database at `path`, making the folder if needed.
pub(crate) fn take(path: &Path) -> Result<ProcessLock, StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&folder)?;
    if let Ok(mounts) = fs::read_to_string("/proc/self/mounts") {
        let folder = folder.canonicalize()?;
        if let Some(kind) = network_kind(&mounts, &folder) {
            return Err(StoreError::Weak {
                name: "file system",
                found: kind.to_owned(),
                needed: "a local one",
            });
        }
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)?;
    match file.try_lock() {
        Ok(()) => Ok(ProcessLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The kind of network file system that holds `folder`, if it is one. `mounts` is the text of
/// `/proc/self/mounts`: device, mount point, kind, options.
fn network_kind<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let point = fields.nth(1)?;
            let kind = fields.next()?;
            folder.starts_with(point).then_some((point.len(), kind))
        })
        // The longest mount point wins; of equal ones the later covers the earlier.
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind)
        .filter(|kind| NETWORK_KINDS.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str =
        "/dev/a / ext4 rw 0 0\nhost:/x /srv nfs4 rw 0 0\n/dev/b /srv/local xfs rw 0 0\n";

    #[test]
    fn network_disks_are_recognised_by_the_longest_mount_point() {
        assert_eq!(network_kind(MOUNTS, Path::new("/srv/shop")), Some("nfs4"));
        assert_eq!(network_kind(MOUNTS, Path::new("/srv/local/shop")), None);
        assert_eq!(network_kind(MOUNTS, Path::new("/srvother")), None);
        assert_eq!(network_kind(MOUNTS, Path::new("/")), None);
    }
}
