//! The folder that fetched binaries are kept in between runs.

use std::path::PathBuf;

/// Root's own, for when the user's is somebody else's: who may write there could have root unpack over any file.
#[cfg(unix)]
const OF_ROOT: &str = "/var/cache";

/// `supadeck` in the user's cache folder, made when it is not there.
pub(super) fn folder() -> Result<PathBuf, String> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .ok_or("there is no cache folder: set XDG_CACHE_HOME or HOME")?;
    #[cfg(unix)]
    let base = if super::folder::is_root() && !super::folder::is_ours(&base) {
        PathBuf::from(OF_ROOT)
    } else {
        base
    };
    let folder = base.join("supadeck");
    std::fs::create_dir_all(&folder)
        .map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    Ok(folder)
}
