//! Which production profile a database belongs to, by what is connected to: the project's ref in its address and what the
//! database itself is recognised by. Names decide nothing.

use super::profile::{Profile, ProfileSet};
use super::project_url::{ProjectUrl, is_ref};
use super::read_only;
use super::text::cell;

/// What a database is recognised by, whatever way leads to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// The refs of hosted projects that its address names.
    pub refs: Vec<String>,
    /// The system identifier of its cluster with its own number there; absent where the server does not tell.
    pub id: Option<String>,
}

/// Whether somebody has to name a production profile before this database is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    /// The production profile whose database it is.
    pub profile: Option<String>,
    /// The production profile that is used, and has been connected to another database before.
    pub replaced: Option<String>,
    /// Why nobody can say whose it is.
    pub unknown: Option<String>,
    /// The profile that is used, where it is a read-only one.
    pub read_only: Option<String>,
}

/// What is known before anything is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// The profile that is used, whose own database it is meant to be.
    pub own: Option<String>,
    /// A production profile that was meant in another way, such as by its project's URL.
    pub meant: Option<String>,
    /// The profile that is used, where it is a read-only one.
    pub read_only: Option<String>,
}

/// The ref in the login of a pooler, such as `postgres.abcdefghijklmnopqrst`.
pub fn ref_of_login(user: &str) -> Option<String> {
    let (_, reference) = user.rsplit_once('.')?;
    is_ref(reference).then(|| reference.to_owned())
}

/// The ref in the name of a host of the platform, such as `db.abcdefghijklmnopqrst.supabase.co`.
pub fn ref_of_host(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let (name, _) = host.rsplit_once(".supabase.")?;
    let mut labels = name.split('.');
    labels.find(|label| is_ref(label)).map(str::to_owned)
}

/// The ref in the options that a pooler takes, such as `reference=abcdefghijklmnopqrst`.
pub fn ref_of_options(options: &str) -> Option<String> {
    let mut words = options.split(|c: char| c.is_whitespace() || c == ',');
    let reference =
        words.find_map(|word| word.rsplit_once("reference=").map(|(_, value)| value))?;
    is_ref(reference).then(|| reference.to_owned())
}

/// The refs that a profile is known by.
fn refs(profile: &Profile) -> Vec<String> {
    let url = ProjectUrl::parse(&profile.url).ok();
    let known = [
        profile.project_ref.clone(),
        profile.database_ref.clone(),
        url.and_then(|url| url.project_ref().map(str::to_owned)),
    ];
    known.into_iter().flatten().collect()
}

/// Whether a profile's database is the one with this mark. Where both are known by a ref, the refs decide: databases of
/// hosted projects may have been made from one image.
fn is_of(profile: &Profile, mark: &Mark) -> bool {
    let known = refs(profile);
    if !known.is_empty() && !mark.refs.is_empty() {
        return mark.refs.iter().any(|reference| known.contains(reference));
    }
    mark.id.is_some() && profile.database_id == mark.id
}

/// The production profile that a database belongs to, and whether it is the one that the profile knew.
pub fn protection(book: &ProfileSet, claim: &Claim, mark: &Mark) -> Protection {
    let is_production = |name: &String| book.profiles.get(name).is_some_and(|it| it.production);
    let own = claim.own.clone().filter(is_production);
    let known = own.as_ref().and_then(|name| {
        let id = book.profiles.get(name)?.database_id.as_ref();
        Some((id?, mark.id.as_ref()?))
    });
    let replaced = match known {
        Some((before, now)) if before != now => own.clone(),
        _ => None,
    };
    let mut profiles = book.profiles.iter();
    let found = profiles.find(|(_, profile)| profile.production && is_of(profile, mark));
    let found = found.map(|(name, _)| name.clone());
    Protection {
        profile: own.or(found).or_else(|| claim.meant.clone()),
        replaced,
        unknown: None,
        read_only: claim.read_only.clone(),
    }
}

/// The production profile of a project by its URL: the profile itself, or another with that URL or ref.
pub fn of_project(book: &ProfileSet, project: &Profile) -> Option<String> {
    if project.production {
        return Some(project.name.clone());
    }
    let mut profiles = book.profiles.iter();
    let found =
        profiles.find(|(_, profile)| profile.production && is_same_project(profile, project));
    found.map(|(name, _)| name.clone())
}

/// Whether two profiles are of one project: at one place, or with a ref in common.
pub fn is_same_project(one: &Profile, other: &Profile) -> bool {
    let known = refs(one);
    normal(&one.url) == normal(&other.url)
        || refs(other)
            .iter()
            .any(|reference| known.contains(reference))
}

/// The place that a URL names, in one form for all its names; a URL that cannot be used is compared as it is, but for its
/// letters' case and the dot that ends a host.
pub fn normal(url: &str) -> String {
    if let Ok(url) = ProjectUrl::parse(url) {
        return url.place();
    }
    let lower = url.trim().to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").unwrap_or(("", lower.as_str()));
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    let bare = format!("{scheme}://{}{rest}", host.trim_end_matches('.'));
    ProjectUrl::parse(&bare).map_or(lower, |url| url.place())
}

/// Whether a production profile has something to learn from its own database.
pub fn is_news(profile: &Profile, mark: &Mark) -> bool {
    let has_ref = !refs(profile).is_empty() || mark.refs.is_empty();
    profile.production && ((profile.database_id.is_none() && mark.id.is_some()) || !has_ref)
}

/// Keeps with a production profile what its database is recognised by. What is known already stays.
pub fn learn(profile: &mut Profile, mark: &Mark) {
    if refs(profile).is_empty() {
        profile.database_ref = mark.refs.first().cloned();
    }
    if profile.database_id.is_none() {
        profile.database_id.clone_from(&mark.id);
    }
}

impl Protection {
    /// Why nothing may be changed, with what can be done about it: what and why, and a hint.
    pub fn refusal(&self) -> Option<(String, String)> {
        if let Some(name) = &self.read_only {
            return Some(read_only::why(name));
        }
        if let Some(name) = &self.replaced {
            let name = cell(name);
            return Some((
                format!(
                    "This is not the database that the production profile {name} was connected to before: it was restored, upgraded or replaced, or the address leads elsewhere."
                ),
                format!(
                    "Make sure that it is the right one; then `supadeck profile use {name} --accept-database`."
                ),
            ));
        }
        let why = self.unknown.as_ref()?;
        Some((
            format!("Whether this database is a production one is not known. {why}"),
            "Mend the file with the profiles first.".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REF: &str = "abcdefghijklmnopqrst";
    const OTHER: &str = "zyxwvutsrqponmlkjihg";

    fn mark(refs: &[&str], id: Option<&str>) -> Mark {
        Mark {
            refs: refs.iter().map(|text| (*text).to_owned()).collect(),
            id: id.map(str::to_owned),
        }
    }

    fn book(url: &str, id: Option<&str>) -> ProfileSet {
        let production = Profile {
            url: url.into(),
            production: true,
            database_id: id.map(str::to_owned),
            ..Profile::default()
        };
        let other = Profile {
            url: "http://127.0.0.1:2".into(),
            ..Profile::default()
        };
        let mut book = ProfileSet::default();
        book.profiles.insert("live".into(), production);
        book.profiles.insert("dev".into(), other);
        book
    }

    fn found(book: &ProfileSet, own: Option<&str>, mark: &Mark) -> Option<String> {
        let claim = Claim {
            own: own.map(str::to_owned),
            ..Claim::default()
        };
        protection(book, &claim, mark).profile
    }

    #[test]
    fn the_ref_is_found_wherever_an_address_has_it() {
        for host in [
            "db.abcdefghijklmnopqrst.supabase.co",
            "DB.ABCDEFGHIJKLMNOPQRST.supabase.co.",
            "abcdefghijklmnopqrst.supabase.co",
            "db.abcdefghijklmnopqrst.supabase.in",
            "abcdefghijklmnopqrst.pooler.supabase.com",
        ] {
            assert_eq!(ref_of_host(host).as_deref(), Some(REF), "{host}");
        }
        for host in ["aws-0-eu-west-1.pooler.supabase.com", "db.example.org", REF] {
            assert_eq!(ref_of_host(host), None, "{host}");
        }
        for login in [
            "postgres.abcdefghijklmnopqrst",
            "cli_login.abcdefghijklmnopqrst",
        ] {
            assert_eq!(ref_of_login(login).as_deref(), Some(REF), "{login}");
        }
        assert_eq!(ref_of_login("postgres"), None);
        assert_eq!(ref_of_login("a.b"), None);
        let options = "-c search_path=x -c reference=abcdefghijklmnopqrst";
        assert_eq!(ref_of_options(options).as_deref(), Some(REF));
    }

    #[test]
    fn a_ref_decides_for_any_profile_in_use() {
        let book = book("https://abcdefghijklmnopqrst.supabase.co", Some("1/5"));
        for own in [None, Some("dev"), Some("live")] {
            let name = found(&book, own, &mark(&[REF], None));
            assert_eq!(name.as_deref(), Some("live"), "{own:?}");
        }
        // Made from one image, two projects can have one identifier.
        assert_eq!(
            found(&book, Some("dev"), &mark(&[OTHER], Some("1/5"))),
            None
        );
        let name = found(&book, None, &mark(&[OTHER, REF], None));
        assert_eq!(name.as_deref(), Some("live"));
    }

    #[test]
    fn what_the_database_is_recognised_by_decides_where_a_ref_is_not_known() {
        for url in [
            "http://127.0.0.1:1",
            "https://abcdefghijklmnopqrst.supabase.co",
        ] {
            let book = book(url, Some("1/5"));
            let name = found(&book, Some("dev"), &mark(&[], Some("1/5")));
            assert_eq!(name.as_deref(), Some("live"), "{url}");
            for other in [Some("1/6"), Some("2/5"), None] {
                assert_eq!(found(&book, Some("dev"), &mark(&[], other)), None);
            }
        }
        let book = book("http://127.0.0.1:1", None);
        assert_eq!(found(&book, None, &mark(&[], None)), None);
    }

    #[test]
    fn another_database_than_before_is_said_and_not_taken_over() {
        let mut book = book("http://127.0.0.1:1", None);
        let live = book.profiles.get_mut("live").unwrap();
        let first = mark(&[REF], Some("1/5"));
        assert!(is_news(live, &first));
        learn(live, &first);
        assert!(!is_news(live, &first));
        learn(live, &mark(&[OTHER], Some("2/5")));
        assert_eq!(live.database_id.as_deref(), Some("1/5"));
        assert_eq!(live.database_ref.as_deref(), Some(REF));
        let claim = Claim {
            own: Some("live".into()),
            ..Claim::default()
        };
        let same = protection(&book, &claim, &first);
        assert_eq!((same.replaced.as_deref(), same.refusal()), (None, None));
        let other = protection(&book, &claim, &mark(&[REF], Some("2/5")));
        assert_eq!(other.replaced.as_deref(), Some("live"));
        assert!(other.refusal().unwrap().1.contains("--accept-database"));
        // A server that does not tell says nothing against it.
        let silent = protection(&book, &claim, &mark(&[REF], None));
        assert_eq!(silent.replaced, None);
    }

    #[test]
    fn the_names_of_this_machine_are_one_address() {
        let names = [
            "http://127.0.0.1:54321",
            "http://localhost:54321/",
            "HTTP://LocalHost:54321",
            "http://localhost.:54321",
            "http://api.localhost:54321",
            "http://127.0.0.2:54321",
            "http://127.1:54321",
            "http://[::1]:54321",
            "http://[::ffff:127.0.0.1]:54321",
            "http://0.0.0.0:54321",
            "http://[::]:54321",
            "https://127.0.0.1:54321",
        ];
        let project = |url: &str| Profile {
            name: "dev".into(),
            url: url.into(),
            ..Profile::default()
        };
        for live in names {
            let book = book(live, None);
            for url in names {
                let found = of_project(&book, &project(url));
                assert_eq!(found.as_deref(), Some("live"), "{live} {url}");
            }
            for url in [
                "http://127.0.0.1:54322",
                "http://localhost",
                "http://10.0.0.1:54321",
                "http://localhost:54321/other",
                "http://localhost.example:54321",
            ] {
                assert_eq!(of_project(&book, &project(url)), None, "{live} {url}");
            }
        }
        let book = book("https://API.example.org:443", None);
        for url in ["https://api.example.org", "https://api.example.org./"] {
            let found = of_project(&book, &project(url));
            assert_eq!(found.as_deref(), Some("live"), "{url}");
        }
    }

    #[test]
    fn a_project_is_recognised_by_its_url_or_ref() {
        let book = book("https://abcdefghijklmnopqrst.supabase.co", None);
        let project = |url: &str| Profile {
            name: "dev".into(),
            url: url.into(),
            ..Profile::default()
        };
        for url in [
            "https://ABCDEFGHIJKLMNOPQRST.supabase.co/",
            "https://abcdefghijklmnopqrst.supabase.in",
        ] {
            assert_eq!(
                of_project(&book, &project(url)).as_deref(),
                Some("live"),
                "{url}"
            );
        }
        assert_eq!(of_project(&book, &project("https://x.example")), None);
    }
}
