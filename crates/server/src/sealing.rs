//! Opens the keyring: from the configuration or, outside production, from a file of keys that is
//! made on first use.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::keyring::InvalidKeyring;
use model::{Entropy, Keyring};

use crate::config::secrets::{SealingKeys, Secrets};

/// The name of the file in the directory that the configuration names.
const FILE: &str = "keyring";

/// Why there are no sealing keys.
#[derive(Debug, thiserror::Error)]
pub enum NoKeyring {
    /// The file cannot be read or made.
    #[error("the sealing keys in {file} cannot be read or made: {cause}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file holds something else.
    #[error("{} does not hold sealing keys: give \"<id>:<base64 of 32 random bytes>\" a line", .0.display())]
    Malformed(PathBuf),
    /// The keys cannot be used.
    #[error("the sealing keys cannot be used: {0}")]
    Keyring(#[from] InvalidKeyring),
}

/// Opens the configured keyring, or the one that was made for this machine.
///
/// # Errors
///
/// [`NoKeyring`] says what is wrong with it.
pub fn open(secrets: &Secrets, entropy: &dyn Entropy) -> Result<Keyring, NoKeyring> {
    let keys = match &secrets.keyring {
        Some(keys) => keys.clone(),
        None => read_or_make(&secrets.directory, entropy)?,
    };
    Ok(Keyring::new(keys.keys())?)
}

/// Of several processes that start at once, one makes the file and all read it.
fn read_or_make(directory: &Path, entropy: &dyn Entropy) -> Result<SealingKeys, NoKeyring> {
    let file = directory.join(FILE);
    let fault = |cause| NoKeyring::File {
        file: file.clone(),
        cause,
    };
    if !file.exists() {
        std::fs::create_dir_all(directory).map_err(fault)?;
        make(&file, &SealingKeys::single(entropy.bytes32())).map_err(fault)?;
    }
    let text = std::fs::read_to_string(&file).map_err(fault)?;
    SealingKeys::parse(&text).ok_or(NoKeyring::Malformed(file))
}

/// Makes the file whole or not at all, readable by its owner only.
fn make(file: &Path, keys: &SealingKeys) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let draft = file.with_extension(std::process::id().to_string());
    options
        .open(&draft)?
        .write_all(keys.to_text().reveal().as_bytes())?;
    let linked = match std::fs::hard_link(&draft, file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    std::fs::remove_file(&draft)?;
    linked
}

#[cfg(test)]
mod tests {
    use model::SystemEntropy;
    use model::keyring::Purpose;

    use super::*;

    #[test]
    fn keys_are_made_once_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets {
            keyring: None,
            directory: directory.path().join("data"),
        };

        let sealed = open(&secrets, &SystemEntropy).unwrap().seal(
            Purpose::Outbox,
            "row",
            b"value",
            &SystemEntropy,
        );
        let again = open(&secrets, &SystemEntropy).unwrap();

        assert_eq!(
            again
                .open(Purpose::Outbox, "row", &sealed)
                .unwrap()
                .reveal(),
            b"value"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_file_of_keys_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets {
            keyring: None,
            directory: directory.path().to_owned(),
        };

        open(&secrets, &SystemEntropy).unwrap();

        let names: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
        let file = directory.path().join(FILE);
        assert_eq!(
            std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_file_of_something_else_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets {
            keyring: None,
            directory: directory.path().to_owned(),
        };
        std::fs::write(directory.path().join(FILE), "something else").unwrap();

        assert!(matches!(
            open(&secrets, &SystemEntropy),
            Err(NoKeyring::Malformed(_))
        ));
        let kept = std::fs::read_to_string(directory.path().join(FILE)).unwrap();
        assert_eq!(kept, "something else");
    }
}
