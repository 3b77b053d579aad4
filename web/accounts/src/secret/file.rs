//! The file in which a generated signing secret survives a restart.
//!
//! One line of text, mode 0600 from the moment it exists. A file that others may read, or that is
//! too short, is refused rather than used.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use crate::{limits, secret::SigningSecret};

/// Reads the secret, or makes one and keeps it.
///
/// # Errors
/// What the file system said, or `InvalidData` with a sentence that names what is wrong.
pub(crate) fn load_or_create(path: &Path) -> io::Result<SigningSecret> {
    match File::open(path) {
        Ok(file) => read(&file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error),
    }
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{}: {why}", path.display()),
    )
}

fn read(file: &File, path: &Path) -> io::Result<SigningSecret> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(refused(
                path,
                "others may read this secret; set its mode to 0600",
            ));
        }
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(limits::SECRET_FILE_BYTES_MAX)
        .read_to_string(&mut text)?;
    let secret = SigningSecret::new(text.trim());
    if secret.is_strong() {
        Ok(secret)
    } else {
        Err(refused(path, "the secret is too short"))
    }
}

fn create(path: &Path) -> io::Result<SigningSecret> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder)?;
    }
    let secret = SigningSecret::generate();
    // Written beside and then linked into place, so that a crash leaves no short file behind.
    let beside = path.with_extension(format!("{:08x}.new", rand::random::<u32>()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(secret.bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::hard_link(&beside, path)
    });
    // Best effort: a leftover holds the same secret with the same mode.
    let _ = fs::remove_file(&beside);
    written?;
    if let Some(folder) = folder {
        File::open(folder)?.sync_all()?;
    }
    Ok(secret)
}
