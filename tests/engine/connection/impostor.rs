//! A server on loopback that only pretends to be Postgres and records every byte it is given. The URL names another host
//! and this address (`hostaddr`), so that it counts as another machine: what may such a server learn?

use crate::fixture::tls::{acceptor, honest_tls, self_signed};
use crate::fixture::{database, database_on};
use std::process::Command;
use std::sync::{Arc, Mutex};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ports::Database as _;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// What must never be seen by an impostor, in any form.
const PASSWORD: &str = "hush-Zebra-4711";

/// What it asks for when somebody signs in.
#[derive(Clone, Copy, Debug)]
enum Asks {
    Cleartext,
    Md5,
    /// Nothing: it lets everybody in, and answers every query with nothing.
    Nothing,
    /// SCRAM with this many iterations, without knowing the password.
    Scram(u32),
    /// SCRAM, and then the password in clear text.
    ScramThenCleartext,
    /// Kerberos, which nobody here speaks.
    Gss,
}

#[derive(Default)]
struct Heard {
    /// The messages behind the start-up, whether they came encrypted or not.
    behind_startup: Vec<u8>,
    startups: usize,
    connections: usize,
}

struct Impostor {
    port: u16,
    heard: Arc<Mutex<Heard>>,
}

impl Impostor {
    async fn start(asks: Asks, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Heard>>::default();
        let same = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                same.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, asks, tls.clone(), Arc::clone(&same)));
            }
        });
        Self { port, heard }
    }

    /// A URL for a host name that is not this machine's, with its address.
    fn url(&self, host: &str, parameters: &str) -> String {
        format!(
            "postgresql://someone:{PASSWORD}@{host}:{}/d?hostaddr=127.0.0.1&{parameters}",
            self.port
        )
    }

    async fn refuses(&self, host: &str, parameters: &str) -> Problem {
        let url = self.url(host, parameters);
        let problem = database(&url).history().await.unwrap_err();
        assert!(!format!("{problem:?}").contains(PASSWORD), "{problem:?}");
        problem
    }

    /// What came behind the start-up message.
    fn learnt(&self) -> Vec<u8> {
        self.heard.lock().unwrap().behind_startup.clone()
    }

    fn startups(&self) -> usize {
        self.heard.lock().unwrap().startups
    }
}

async fn serve(
    mut stream: TcpStream,
    asks: Asks,
    tls: Option<TlsAcceptor>,
    heard: Arc<Mutex<Heard>>,
) {
    let Some(first) = packet(&mut stream).await else {
        return;
    };
    if first[..] == 80_877_103_u32.to_be_bytes() {
        let Some(acceptor) = tls else {
            let _ = stream.write_all(b"N").await;
            if packet(&mut stream).await.is_some() {
                heard.lock().unwrap().startups += 1;
                sign_in(stream, asks, &heard).await;
            }
            return;
        };
        let _ = stream.write_all(b"S").await;
        let Ok(mut stream) = acceptor.accept(stream).await else {
            return;
        };
        if packet(&mut stream).await.is_some() {
            heard.lock().unwrap().startups += 1;
            sign_in(stream, asks, &heard).await;
        }
        return;
    }
    heard.lock().unwrap().startups += 1;
    sign_in(stream, asks, &heard).await;
}

/// A message without a type: its length and the rest.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let length = stream.read_u32().await.ok()?;
    let mut rest = vec![0; usize::try_from(length).ok()?.checked_sub(4)?];
    stream.read_exact(&mut rest).await.ok()?;
    Some(rest)
}

fn authentication(code: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap();
    [
        b"R".as_slice(),
        &length.to_be_bytes(),
        &code.to_be_bytes(),
        body,
    ]
    .concat()
}

async fn sign_in(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asks: Asks,
    heard: &Mutex<Heard>,
) {
    let is_in = b"Z\0\0\0\x05I".as_slice();
    let scram = authentication(10, b"SCRAM-SHA-256\0\0");
    let first = match asks {
        Asks::Cleartext => authentication(3, b""),
        Asks::Md5 => authentication(5, b"salt"),
        Asks::Nothing => [authentication(0, b"").as_slice(), is_in].concat(),
        Asks::Scram(_) | Asks::ScramThenCleartext => scram,
        Asks::Gss => authentication(7, b""),
    };
    let _ = stream.write_all(&first).await;
    let mut answers = 0;
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        heard
            .lock()
            .unwrap()
            .behind_startup
            .extend_from_slice(&bytes[..count]);
        answers += 1;
        let reply = match (asks, answers) {
            (Asks::Scram(iterations), 1) => {
                let said = String::from_utf8_lossy(&bytes[..count]);
                let nonce = said.rsplit("r=").next().unwrap();
                let body = format!("r={nonce}theirs,s=c2FsdHNhbHRzYWx0,i={iterations}");
                authentication(11, body.as_bytes())
            }
            (Asks::Scram(_), 2) => [
                authentication(12, b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").as_slice(),
                &authentication(0, b""),
                is_in,
            ]
            .concat(),
            (Asks::ScramThenCleartext, 1) => authentication(3, b""),
            (Asks::Cleartext | Asks::Md5, 1) => [authentication(0, b"").as_slice(), is_in].concat(),
            _ => Vec::new(),
        };
        let _ = stream.write_all(&reply).await;
    }
}

/// The modes that check nothing about the other side.
const UNCHECKED: [&str; 5] = [
    "",
    "sslmode=disable",
    "sslmode=allow",
    "sslmode=prefer",
    "sslmode=require",
];

#[tokio::test]
async fn another_host_gets_no_password_in_clear_text_or_md5() {
    for asks in [Asks::Cleartext, Asks::Md5, Asks::ScramThenCleartext] {
        for with_tls in [false, true] {
            for parameters in UNCHECKED {
                if !with_tls && parameters == "sslmode=require" {
                    continue;
                }
                let tls = with_tls.then(|| honest_tls("db.example.org"));
                let impostor = Impostor::start(asks, tls).await;
                let problem = impostor.refuses("db.example.org", parameters).await;
                assert_eq!(
                    problem.kind,
                    Kind::Auth,
                    "{asks:?} {parameters}: {problem:?}"
                );
                assert!(problem.hint.is_some(), "{problem:?}");
                assert_eq!(impostor.startups(), 1, "{asks:?} {parameters}");
                if !matches!(asks, Asks::ScramThenCleartext) {
                    assert_eq!(impostor.learnt(), b"", "{asks:?} {parameters} {with_tls}");
                }
                let learnt = impostor.learnt();
                let learnt = String::from_utf8_lossy(&learnt);
                assert!(!learnt.contains(PASSWORD), "{learnt}");
            }
        }
    }
}

#[tokio::test]
async fn another_host_that_asks_for_nothing_gets_no_sql() {
    for parameters in UNCHECKED {
        let impostor = Impostor::start(Asks::Nothing, Some(honest_tls("db.example.org"))).await;
        let problem = impostor.refuses("db.example.org", parameters).await;
        assert_eq!(problem.kind, Kind::Auth, "{parameters}: {problem:?}");
        assert_eq!(impostor.learnt(), b"", "{parameters}");
    }
}

#[tokio::test]
async fn a_scram_proof_is_not_made_cheap_to_guess_and_the_server_must_prove_itself() {
    let impostor = Impostor::start(Asks::Scram(1), None).await;
    let problem = impostor.refuses("db.example.org", "").await;
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    let learnt = impostor.learnt();
    let learnt = String::from_utf8_lossy(&learnt);
    assert!(!learnt.contains(",p="), "a proof was sent: {learnt}");

    let impostor = Impostor::start(Asks::Scram(4096), None).await;
    let problem = impostor.refuses("db.example.org", "").await;
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    let learnt = impostor.learnt();
    let learnt = String::from_utf8_lossy(&learnt);
    assert!(learnt.contains(",p="), "{learnt}");
    assert!(!learnt.contains("select"), "{learnt}");
}

#[tokio::test]
async fn what_nobody_speaks_is_a_refusal_too() {
    let impostor = Impostor::start(Asks::Gss, None).await;
    let problem = impostor.refuses("db.example.org", "").await;
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    assert_eq!(impostor.learnt(), b"");
}

#[tokio::test]
async fn a_hosted_project_is_checked_in_full_whatever_the_url_says() {
    for host in [
        "db.abcdefghijklmnopqrst.supabase.co",
        "DB.abcdefghijklmnopqrst.SUPABASE.CO",
        "db.abcdefghijklmnopqrst.supabase.co.",
        "aws-0-eu-central-1.pooler.supabase.com",
    ] {
        for parameters in UNCHECKED {
            for with_tls in [true, false] {
                let tls = with_tls.then(|| honest_tls("db.example.org"));
                let impostor = Impostor::start(Asks::Cleartext, tls).await;
                let problem = impostor.refuses(host, parameters).await;
                assert_eq!(
                    problem.kind,
                    Kind::Network,
                    "{host} {parameters}: {problem:?}"
                );
                assert_eq!(impostor.startups(), 0, "{host} {parameters} {with_tls}");
            }
        }
    }
    // A certificate for the right name, of a root that nobody trusts.
    let host = "db.abcdefghijklmnopqrst.supabase.co";
    let impostor = Impostor::start(Asks::Cleartext, Some(honest_tls(host))).await;
    impostor.refuses(host, "sslmode=require").await;
    assert_eq!(impostor.startups(), 0);
}

#[tokio::test]
async fn a_certificate_shown_without_its_key_is_noticed_in_every_mode() {
    let folder = tempfile::tempdir().unwrap();
    let (stolen, _) = self_signed(folder.path(), "db.example.org");
    let (_, own) = self_signed(folder.path(), "impostor.example.org");
    let root = folder.path().join("db.example.org.crt");
    let named = format!("sslmode=verify-full&sslrootcert={}", root.display());
    for parameters in ["", "sslmode=prefer", "sslmode=require", named.as_str()] {
        let tls = acceptor(stolen.clone(), &own);
        let impostor = Impostor::start(Asks::Cleartext, Some(tls)).await;
        let problem = impostor.refuses("db.example.org", parameters).await;
        assert_eq!(problem.kind, Kind::Network, "{parameters}: {problem:?}");
        assert_eq!(impostor.startups(), 0, "{parameters}");
    }
}

#[tokio::test]
async fn an_old_form_of_certificate_is_no_reason_to_break_off() {
    // Version 1, as the recipe of the Postgres manual makes them: nothing of it is checked, and libpq takes it.
    let folder = tempfile::tempdir().unwrap();
    let (_, key) = self_signed(folder.path(), "db.example.org");
    let openssl = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    openssl("req -new -key db.example.org.key -out a.csr -subj /CN=db.example.org");
    openssl("x509 -req -in a.csr -signkey db.example.org.key -days 2 -out old.crt");
    let text = openssl("x509 -in old.crt -noout -text");
    let certificate = CertificateDer::from_pem_file(folder.path().join("old.crt")).unwrap();
    let impostor = Impostor::start(Asks::Cleartext, Some(acceptor(certificate, &key))).await;
    let problem = impostor.refuses("db.example.org", "sslmode=require").await;
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}: {text}");
    assert_eq!(impostor.startups(), 1);
}

#[tokio::test]
async fn a_checked_server_and_this_machine_may_ask_as_they_like() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = self_signed(folder.path(), "db.example.org");
    let root = folder.path().join("db.example.org.crt");
    for mode in ["require", "verify-ca", "verify-full"] {
        let tls = acceptor(certificate.clone(), &key);
        let impostor = Impostor::start(Asks::Cleartext, Some(tls)).await;
        let parameters = format!("sslmode={mode}&sslrootcert={}", root.display());
        let url = impostor.url("db.example.org", &parameters);
        // It answers no query: that the password came is all that is wanted.
        tokio::time::timeout(
            std::time::Duration::from_secs(20),
            wait_for(&impostor, PASSWORD, database_on(&url)),
        )
        .await
        .unwrap();
    }
    let impostor = Impostor::start(Asks::Cleartext, None).await;
    let url = format!("postgresql://u:{PASSWORD}@127.0.0.1:{}/d", impostor.port);
    tokio::time::timeout(
        std::time::Duration::from_secs(20),
        wait_for(&impostor, PASSWORD, database_on(&url)),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn whoever_says_so_in_the_url_is_let_in_by_the_older_ways() {
    for (asks, word, sign) in [
        (Asks::Cleartext, "password", PASSWORD),
        (Asks::Md5, "md5", "md5"),
        (Asks::Cleartext, "!md5,!none", PASSWORD),
        (Asks::Nothing, "none", "select"),
        (Asks::Nothing, "scram-sha-256,none", "select"),
    ] {
        let impostor = Impostor::start(asks, None).await;
        let url = impostor.url("db.example.org", &format!("require_auth={word}"));
        tokio::time::timeout(
            std::time::Duration::from_secs(20),
            wait_for(&impostor, sign, database_on(&url)),
        )
        .await
        .unwrap_or_else(|_| panic!("{word}"));
    }
    // And it is followed on this machine too.
    let impostor = Impostor::start(Asks::Cleartext, None).await;
    let url = format!(
        "postgresql://u:{PASSWORD}@127.0.0.1:{}/d?require_auth=scram-sha-256",
        impostor.port
    );
    let problem = database(&url).history().await.unwrap_err();
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    assert_eq!(impostor.learnt(), b"");
}

/// Connects until the impostor has heard a text.
async fn wait_for(
    impostor: &Impostor,
    text: &str,
    database: supadeck::adapters::postgres::PgDatabase,
) {
    let trying = async move {
        let _ = database.history().await;
        std::future::pending::<()>().await;
    };
    let hearing = async {
        loop {
            let learnt = impostor.learnt();
            if String::from_utf8_lossy(&learnt).contains(text) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = trying => {}
        () = hearing => {}
    }
}

#[tokio::test]
async fn two_hosts_are_judged_each_for_itself() {
    // The first is this machine, where nobody listens; the second is not.
    let impostor = Impostor::start(Asks::Cleartext, None).await;
    let url = format!(
        "postgresql://u:{PASSWORD}@localhost:1,db.example.org:{}/d?hostaddr=127.0.0.1,127.0.0.1",
        impostor.port
    );
    let problem = database(&url).history().await.unwrap_err();
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    assert_eq!(impostor.learnt(), b"");
    // A name of this machine with an address that is not.
    let impostor = Impostor::start(Asks::Cleartext, None).await;
    let database = database_on(&format!(
        "postgresql://u:{PASSWORD}@localhost:{}/d?hostaddr=192.0.2.1",
        impostor.port
    ));
    assert!(!database.notes().is_empty());
}
