//! Which project, which keys, which identity: everything that is decided without a network.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::ops::profile::{NewProfile, add};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

const WORK: &str = "https://abcdefghijklmnopqrst.supabase.co";

struct Home {
    dir: TempDir,
    vault: Arc<SecretStore>,
}

impl Home {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            vault: Arc::new(SecretStore::memory()),
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            config_dir: Some(self.dir.path().to_path_buf()),
            ..Settings::default()
        }
    }

    /// A profile `work` with both keys and a database.
    async fn with_work() -> Self {
        let home = Self::new();
        let secret = |text: &str| SecretString::from(text);
        let new = NewProfile {
            profile: Profile {
                name: "work".into(),
                url: WORK.into(),
                ..Profile::default()
            },
            secrets: vec![
                (SecretKind::PublishableKey, secret("sb_publishable_kept00")),
                (SecretKind::SecretKey, secret("sb_secret_kept0000")),
                (SecretKind::DatabaseUrl, secret("postgres://kept")),
            ],
            ..NewProfile::default()
        };
        let file = ProfileFile::new(home.dir.path());
        let added = add(&file, &*home.vault, new).await.unwrap();
        assert!(added.is_default, "the first profile is the one in use");
        home
    }

    async fn resolve(&self, settings: Settings) -> Result<Project, Problem> {
        let secrets = Arc::clone(&self.vault) as Arc<dyn Secrets>;
        resolve_with(&settings, secrets, Limits::default()).await
    }
}

fn database(project: &Project) -> Option<&str> {
    project
        .database_url
        .as_ref()
        .and_then(SecretSource::if_known)
        .map(ExposeSecret::expose_secret)
}

#[tokio::test]
async fn without_a_project_the_hint_says_how_to_get_one() {
    let home = Home::new();
    let problem = home.resolve(home.settings()).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Config);
    let hint = problem.hint.unwrap();
    assert!(
        hint.contains("supadeck profile add") && hint.contains("supadeck demo"),
        "{hint}"
    );
}

#[tokio::test]
async fn the_profile_in_use_comes_with_what_the_keyring_holds() {
    let home = Home::with_work().await;
    let project = home.resolve(home.settings()).await.unwrap();
    assert_eq!(project.profile.name, "work");
    assert_eq!(
        project.profile.project_ref.as_deref(),
        Some("abcdefghijklmnopqrst")
    );
    assert!(project.has_publishable_key && project.has_service_key);
    assert_eq!(database(&project), Some("postgres://kept"));
    assert_eq!(
        project.identity,
        Identity::Anon,
        "the service role is never taken by itself"
    );
    assert!(
        project
            .notes
            .iter()
            .any(|note| note.contains("kept in memory")),
        "{:?}",
        project.notes
    );
}

#[tokio::test]
async fn what_was_typed_goes_before_what_is_kept() {
    let home = Home::with_work().await;
    let settings = Settings {
        db_url: Some("postgres://typed".to_owned().into()),
        dir: Some("/typed".into()),
        ..home.settings()
    };
    let project = home.resolve(settings).await.unwrap();
    assert_eq!(database(&project), Some("postgres://typed"));
    assert_eq!(project.profile.dir, Some("/typed".into()));
}

#[tokio::test]
async fn the_keys_of_a_profile_never_go_to_another_host() {
    let home = Home::with_work().await;
    for profile in [None, Some("work".to_owned())] {
        let settings = Settings {
            url: Some("https://evil.example".into()),
            profile,
            ..home.settings()
        };
        let project = home.resolve(settings).await.unwrap();
        assert_eq!(project.profile.url, "https://evil.example");
        assert!(!project.has_publishable_key && !project.has_service_key);
        assert_eq!(database(&project), None);
    }
    let same = Settings {
        url: Some(format!("{WORK}/")),
        ..home.settings()
    };
    assert!(home.resolve(same).await.unwrap().has_publishable_key);
}

#[tokio::test]
async fn a_secret_key_does_not_make_the_service_role_by_itself() {
    let home = Home::new();
    let settings = |as_| Settings {
        url: Some(WORK.into()),
        key: Some("sb_secret_abcdef".to_owned().into()),
        as_,
        ..home.settings()
    };
    let project = home.resolve(settings(None)).await.unwrap();
    assert_eq!(project.identity, Identity::Anon);
    assert!(project.has_service_key && !project.has_publishable_key);
    let project = home
        .resolve(settings(Some(RoleChoice::Service)))
        .await
        .unwrap();
    assert_eq!(project.identity, Identity::Service);

    let swapped = Settings {
        url: Some(WORK.into()),
        publishable_key: Some("sb_secret_abcdef".to_owned().into()),
        ..home.settings()
    };
    let project = home.resolve(swapped).await.unwrap();
    assert!(!project.has_publishable_key, "it must not be used as anon");
    assert!(
        project
            .notes
            .iter()
            .any(|note| note.contains("is a secret key"))
    );
}

#[tokio::test]
async fn an_identity_that_cannot_be_had_is_refused() {
    let home = Home::new();
    let settings = |as_| Settings {
        url: Some(WORK.into()),
        key: Some("sb_publishable_abcdef".to_owned().into()),
        as_: Some(as_),
        ..home.settings()
    };
    let service = home
        .resolve(settings(RoleChoice::Service))
        .await
        .unwrap_err();
    assert_eq!(service.kind, Kind::Config);
    let user = home.resolve(settings(RoleChoice::User)).await.unwrap_err();
    assert_eq!(user.kind, Kind::Auth);
    assert!(user.hint.unwrap().contains("supadeck login"));
}

#[tokio::test]
async fn a_broken_file_does_not_keep_anybody_from_a_project_named_in_full() {
    let home = Home::new();
    std::fs::write(home.dir.path().join("profiles.toml"), "defalt = \"x\"\n").unwrap();
    let problem = home.resolve(home.settings()).await.unwrap_err();
    assert!(
        problem.what.contains("line 1") && problem.why.contains("defalt"),
        "{problem}"
    );
    let settings = Settings {
        url: Some(WORK.into()),
        ..home.settings()
    };
    assert!(home.resolve(settings).await.is_ok());
}

#[tokio::test]
async fn keys_over_an_open_wire_are_pointed_out() {
    let home = Home::new();
    let settings = Settings {
        url: Some("http://db.example.com".into()),
        ..home.settings()
    };
    let project = home.resolve(settings).await.unwrap();
    assert!(
        project
            .notes
            .iter()
            .any(|note| note.contains("not encrypted"))
    );
}

#[tokio::test]
async fn replacing_a_profile_by_another_url_forgets_its_keys() {
    let home = Home::with_work().await;
    let file = ProfileFile::new(home.dir.path());
    let other = |replace| NewProfile {
        profile: Profile {
            name: "work".into(),
            url: "https://other.example".into(),
            ..Profile::default()
        },
        replace,
        ..NewProfile::default()
    };
    let refused = add(&file, &*home.vault, other(false)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    add(&file, &*home.vault, other(true)).await.unwrap();
    let project = home.resolve(home.settings()).await.unwrap();
    assert!(!project.has_publishable_key && !project.has_service_key);
}

#[test]
fn the_variables_of_the_supabase_cli_are_read() {
    let lookup = |name: &str| {
        let value = match name {
            "SUPABASE_URL" => "https://x.example",
            "SUPABASE_ANON_KEY" => "anon",
            "SUPABASE_SERVICE_ROLE_KEY" => "service",
            "SUPABASE_SECRET_KEY" => "  ",
            "DATABASE_URL" => "postgres://x",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let settings = Settings::from_variables(lookup);
    fn shown(variable: Option<&Variable>) -> (&str, &str) {
        let variable = variable.unwrap();
        (variable.name, variable.value.expose_secret())
    }
    let variables = &settings.variables;
    assert!(variables.name_project);
    assert_eq!(
        shown(variables.publishable_key.as_ref()),
        ("SUPABASE_ANON_KEY", "anon")
    );
    assert_eq!(
        shown(variables.secret_key.as_ref()),
        ("SUPABASE_SERVICE_ROLE_KEY", "service")
    );
    assert_eq!(
        shown(variables.db_url.as_ref()),
        ("DATABASE_URL", "postgres://x")
    );
    assert!(!format!("{settings:?}").contains("postgres://x"));
}

#[test]
fn a_profile_that_was_typed_keeps_the_environments_project_out() {
    let environment = || Settings {
        url: Some("https://env.example".into()),
        variables: stray("SUPABASE_DB_URL", true),
        access_token: Some("token".to_owned().into()),
        ..Settings::default()
    };
    let typed = Settings {
        profile: Some("work".into()),
        ..Settings::default()
    };
    let settings = typed.over(environment());
    assert_eq!(settings.url, None);
    assert!(settings.variables.db_url.is_none() && !settings.variables.name_project);
    assert!(settings.access_token.is_some());

    let settings = Settings::default().over(environment());
    assert!(settings.url.is_some() && settings.variables.db_url.is_some());
    let same = Settings {
        url: Some("https://env.example".into()),
        ..Settings::default()
    };
    assert!(same.over(environment()).variables.name_project);
}

fn stray(name: &'static str, name_project: bool) -> Variables {
    let variable = |value: &str| {
        Some(Variable {
            name,
            value: value.into(),
        })
    };
    Variables {
        name_project,
        publishable_key: None,
        secret_key: variable("sb_secret_stray000"),
        db_url: variable("postgres://stray"),
        jwt_secret: None,
        left_out: None,
    }
}

#[tokio::test]
async fn a_stray_variable_comes_after_what_the_profile_has() {
    let home = Home::with_work().await;
    for profile in [None, Some("work".to_owned())] {
        let settings = Settings {
            profile,
            variables: stray("DATABASE_URL", false),
            ..home.settings()
        };
        let project = home.resolve(settings).await.unwrap();
        assert_eq!(database(&project), Some("postgres://kept"));
        assert!(
            !project
                .notes
                .iter()
                .any(|note| note.contains("DATABASE_URL")),
            "{:?}",
            project.notes
        );
    }
    let ours = Settings {
        url: Some(WORK.into()),
        variables: stray("DATABASE_URL", true),
        ..home.settings()
    };
    let project = home.resolve(ours).await.unwrap();
    assert_eq!(database(&project), Some("postgres://stray"));
    // What the profile has not is taken, and said.
    for kind in SecretKind::ALL {
        home.vault.remove("work", kind).await.unwrap();
    }
    let settings = Settings {
        variables: stray("DATABASE_URL", false),
        ..home.settings()
    };
    let project = home.resolve(settings).await.unwrap();
    assert_eq!(database(&project), Some("postgres://stray"));
    let said = "DATABASE_URL is used for `work`";
    assert!(
        project.notes.iter().any(|note| note.contains(said)),
        "{:?}",
        project.notes
    );
}

#[tokio::test]
async fn an_edited_url_leaves_the_old_secrets_behind() {
    let home = Home::with_work().await;
    let path = home.dir.path().join("profiles.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(WORK, "https://other.example")).unwrap();
    let project = home.resolve(home.settings()).await.unwrap();
    assert_eq!(project.profile.url, "https://other.example");
    assert!(!project.has_publishable_key && !project.has_service_key);
    assert_eq!(database(&project), None);
    let said = project
        .notes
        .iter()
        .filter(|note| note.contains("another URL"));
    assert_eq!(said.count(), 3, "{:?}", project.notes);
}

#[tokio::test]
async fn a_token_of_another_role_is_no_key() {
    let home = Home::new();
    // {"alg":"HS256"}.{"role":"postgres"}
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoicG9zdGdyZXMifQ.c2ln";
    let settings = Settings {
        url: Some(WORK.into()),
        key: Some(token.to_owned().into()),
        ..home.settings()
    };
    let refused = home.resolve(settings).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Config, "{refused}");
}

#[tokio::test]
async fn through_a_read_only_profile_every_way_refuses_a_change_before_anything_is_sent() {
    use crate::domain::query::{Call, RowWrite, Verb};
    use crate::domain::script::Limits as Times;
    let home = Home::with_work().await;
    let file = ProfileFile::new(home.dir.path());
    let edit = file.edit(Box::new(|book| {
        book.profiles.get_mut("work").unwrap().read_only = true;
        Ok(())
    }));
    edit.await.unwrap();
    let settings = Settings {
        db_url: Some("postgres://u:p@127.0.0.1:1/postgres".to_owned().into()),
        ..home.settings()
    };
    let project = home.resolve(settings).await.unwrap();
    let write = RowWrite {
        table: "t".into(),
        schema: "public".into(),
        verb: Verb::Insert,
        filters: Vec::new(),
        body: None,
        columns: "*".into(),
        correlation: None,
    };
    let who = Identity::Service;
    let rest = project.rest.as_ref();
    let mut refused = vec![
        rest.write(&who, &write).await.unwrap_err(),
        rest.call(&who, &Call::to("f", serde_json::Value::Null))
            .await
            .unwrap_err(),
    ];
    let way = Transport::of(&project).await.unwrap().unwrap();
    let (stage, upkeep) = (way.stage(), way.audit_upkeep());
    refused.push(upkeep.fill(&(0..1)).await.unwrap_err());
    refused.push(stage.dry_run(Times::default()).await.err().unwrap());
    refused.push(stage.open_dry_run(Times::default()).await.err().unwrap());
    let database = way.database();
    refused.push(database.session(Times::default()).await.err().unwrap());
    refused.push(database.repair(&[]).await.unwrap_err());
    for problem in refused {
        assert_eq!(problem.kind, Kind::Denied, "{problem}");
        assert_eq!(problem.code.as_deref(), Some("read_only"), "{problem}");
        assert!(problem.why.contains("work is read-only"), "{problem}");
    }
    // Nothing else is refused it.
    let edit = file.edit(Box::new(|book| {
        book.profiles.get_mut("work").unwrap().read_only = false;
        Ok(())
    }));
    edit.await.unwrap();
    let project = home.resolve(home.settings()).await.unwrap();
    assert_eq!(project.read_only(), None);
}
