//! Profiles over a real file: added, chosen, shown and removed, with their secrets.

use supadeck::adapters::profiles::ProfileFile;
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::problem::Kind;
use supadeck::domain::profile::Profile;
use supadeck::domain::secret::{SecretKind, StoredIn};
use supadeck::ops::profile::{NewProfile, add, list, remove, show, use_};
use supadeck::ports::Secrets;

fn named(name: &str) -> NewProfile {
    NewProfile {
        profile: Profile {
            name: name.into(),
            url: format!("https://{name}.example/"),
            ..Profile::default()
        },
        secrets: vec![(
            SecretKind::PublishableKey,
            "sb_publishable_x".to_owned().into(),
        )],
        ..NewProfile::default()
    }
}

#[tokio::test]
async fn a_profile_from_its_first_day_to_its_last() {
    let dir = tempfile::tempdir().unwrap();
    let (file, vault) = (ProfileFile::new(dir.path()), SecretStore::memory());
    assert_eq!(
        show(&file, None, None).await.unwrap_err().kind,
        Kind::Config
    );
    assert!(add(&file, &vault, named("one")).await.unwrap().is_default);
    assert!(!add(&file, &vault, named("two")).await.unwrap().is_default);
    assert_eq!(list(&file).await.unwrap().profiles.len(), 2);
    assert_eq!(
        show(&file, None, None).await.unwrap().url,
        "https://one.example"
    );
    assert_eq!(use_(&file, "two").await.unwrap().name, "two");
    assert_eq!(show(&file, None, None).await.unwrap().name, "two");
    let unknown = use_(&file, "three").await.unwrap_err();
    assert!(unknown.why.contains("one and two"), "{unknown}");

    let removed = remove(&file, &vault, "two").await.unwrap();
    assert!(
        matches!(removed, StoredIn::Memory(_)),
        "the keyring was not asked"
    );
    let key = vault.get("two", SecretKind::PublishableKey).await.unwrap();
    assert!(key.is_none(), "its key went with it");
    assert_eq!(
        show(&file, None, None).await.unwrap_err().kind,
        Kind::Config
    );
    assert!(show(&file, Some("one"), None).await.is_ok());
    let gone = remove(&file, &vault, "two").await.unwrap_err();
    assert_eq!(gone.kind, Kind::Config);
}

#[tokio::test]
async fn a_name_or_url_that_cannot_be_is_refused_before_anything_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (file, vault) = (ProfileFile::new(dir.path()), SecretStore::memory());
    for name in ["", "a/b", "../x", "a b", "-x"] {
        let refused = add(&file, &vault, named(name)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Usage, "{name}");
    }
    let mut new = named("one");
    new.profile.url = "one.example".into();
    assert!(add(&file, &vault, new).await.is_err());
    assert!(list(&file).await.unwrap().profiles.is_empty());
    let text = std::fs::read_to_string(dir.path().join("profiles.toml")).unwrap_or_default();
    assert!(!text.contains("sb_"));
}
