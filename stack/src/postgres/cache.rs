//! The folder that fetched binaries are kept in between runs.

use std::path::PathBuf;

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
    let folder = base.join("supadeck");
    std::fs::create_dir_all(&folder)
        .map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    Ok(folder)
}
