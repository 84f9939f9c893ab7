//! The log file: `supadeck.log` in the state directory, mode 0600, bounded in size, never the terminal.
//! It is opened with the first line that is written, so a quiet run touches no file.
//!
//! Only supadeck's own events may be made verbose. Libraries stay at `warn`: at `trace` the HTTP, TLS and Postgres
//! crates write headers, connection strings and frames, and those hold keys and passwords.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;

/// The file's size, in bytes, at which it becomes `supadeck.log.1` and a new one begins.
const LARGEST: u64 = 1024 * 1024;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// Also what is odd.
    #[default]
    Warn,
    /// Also what was done.
    Info,
    /// Also how.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The level of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "off" => Self::Off,
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => return None,
        })
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }

    /// Libraries are never more verbose than `warn`.
    fn directives(self) -> String {
        let own = self.filter();
        let others = own.min(LevelFilter::WARN);
        format!("{others},supadeck={own},supadeck_stack={own}")
    }
}

/// The path of the log: in `XDG_STATE_HOME`, else in `~/.local/state`, else in the platform's place.
/// `None` when none of these is known; then nothing is logged.
pub fn path() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("supadeck").join("supadeck.log"))
}

/// Starts logging into the file. Called once, before anything else; a second call does nothing.
pub fn start(path: &Path, level: Level) {
    if level == Level::Off {
        return;
    }
    let file = LogFile(Arc::new(Mutex::new(Rotating::new(path.to_owned()))));
    // A second start, as in tests, leaves the first in place.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level.directives()))
        .with_writer(file)
        .with_ansi(false)
        .try_init();
}

/// A handle that `tracing` writes through.
#[derive(Clone)]
struct LogFile(Arc<Mutex<Rotating>>);

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A line that cannot be logged must not stop the program.
        let mut rotating = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = rotating.append(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file with its size, closed until the first line.
struct Rotating {
    path: PathBuf,
    open: Option<(File, u64)>,
}

impl Rotating {
    fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let (mut file, mut size) = match self.open.take() {
            Some(open) => open,
            None => open(&self.path)?,
        };
        if size + line.len() as u64 > LARGEST && size > 0 {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            fs::rename(&self.path, older)?;
            (file, size) = open(&self.path)?;
        }
        file.write_all(line)?;
        self.open = Some((file, size + line.len() as u64));
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_never_more_verbose_than_warn() {
        assert_eq!(
            Level::Trace.directives(),
            "warn,supadeck=trace,supadeck_stack=trace"
        );
        assert_eq!(
            Level::Error.directives(),
            "error,supadeck=error,supadeck_stack=error"
        );
    }

    #[test]
    fn the_file_is_private_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/supadeck.log");
        let mut log = Rotating::new(path.clone());
        assert!(!path.exists());
        let line = vec![b'x'; 300 * 1024];
        for _ in 0..8 {
            log.append(&line).unwrap();
        }
        let older = folder.path().join("state/supadeck.log.1");
        assert!(fs::metadata(&path).unwrap().len() <= LARGEST);
        assert!(fs::metadata(&older).unwrap().len() <= LARGEST);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
