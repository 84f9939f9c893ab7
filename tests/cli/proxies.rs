//! The environment's proxy variables: a real proxy on loopback records every byte that it is given.

use crate::support::fake_management_api::{REF, TOKEN};
use crate::test_environment::{PASSWORD, TestEnvironment, texts};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A proxy that grants no tunnel.
struct Proxy {
    at: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let same = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, heard) = (stream.unwrap(), Arc::clone(&same));
                std::thread::spawn(move || {
                    stream
                        .set_read_timeout(Some(Duration::from_secs(20)))
                        .unwrap();
                    let mut bytes = [0; 8192];
                    let mut request = Vec::new();
                    while let Ok(count @ 1..) = stream.read(&mut bytes) {
                        heard.lock().unwrap().extend_from_slice(&bytes[..count]);
                        request.extend_from_slice(&bytes[..count]);
                        if request.windows(4).any(|four| four == b"\r\n\r\n") {
                            let _ = stream.write_all(
                                b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
                            );
                            return;
                        }
                    }
                });
            }
        });
        Self { at, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// Names it in every variable that anybody reads.
    fn set_all(&self, test_env: &mut TestEnvironment) {
        for name in ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy"] {
            test_env.set(name, format!("http://{}", self.at));
            test_env.set(&name.to_uppercase(), format!("http://{}", self.at));
        }
    }
}

#[test]
fn a_proxy_hears_nothing_of_this_machine_and_of_plain_http() {
    let proxy = Proxy::start();
    let mut test_env = TestEnvironment::full();
    proxy.set_all(&mut test_env);
    test_env.run(&["cycle", "list", "--as", "service"]).done();
    test_env.run(&["migration", "list"]).done();
    test_env.sign_in("alice@example.com");
    let rows = test_env.run(&["cycle", "list", "--as", "user"]);
    assert!(
        rows.done().out.contains("2025") || !rows.out.is_empty(),
        "{rows:?}"
    );
    test_env.run(&["doctor"]);
    assert_eq!(proxy.heard(), "");

    // Another machine by plain http: the keys go there as they would without the variables, and not by a third one.
    test_env.set("SUPABASE_URL", "http://host.invalid");
    test_env.run(&["cycle", "list", "--as", "service"]).ended(7);
    assert_eq!(proxy.heard(), "");

    // The Management API on loopback.
    let api = test_env.stand_in();
    test_env
        .unset("SUPABASE_DB_URL")
        .set("SUPABASE_URL", format!("https://{REF}.supabase.co"))
        .set("SUPADECK_API_URL", api.url.clone())
        .set("SUPABASE_ACCESS_TOKEN", TOKEN);
    test_env.run(&["migration", "list"]).done();
    assert_eq!(proxy.heard(), "");
}

#[test]
fn https_reaches_a_proxy_as_a_request_for_a_tunnel_without_a_secret() {
    let proxy = Proxy::start();
    let mut test_env = TestEnvironment::full();
    let secret = test_env.info.secret_key.clone();
    test_env.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
    test_env
        .unset("SUPABASE_DB_URL")
        .sign_in("alice@example.com");
    test_env.set("SUPADECK_LOG", "trace");
    for (name, value) in [
        ("HTTPS_PROXY", format!("http://{}", proxy.at)),
        ("https_proxy", proxy.at.clone()),
        (
            "ALL_PROXY",
            format!("http://us%20er:p%40ss%22%3C@{}", proxy.at),
        ),
        ("all_proxy", format!("http://{}/", proxy.at)),
    ] {
        proxy.heard.lock().unwrap().clear();
        test_env.set(name, value);
        for args in [
            ["cycle", "list", "--as", "service"].as_slice(),
            &["cycle", "list", "--as", "user"],
        ] {
            let ran = test_env.run(args);
            ran.ended(7);
            assert!(ran.err.contains(name), "{ran:?}");
            assert!(
                !ran.err.contains("p@ss") && !ran.err.contains("p%40ss"),
                "{ran:?}"
            );
        }
        test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
        test_env.run(&["migration", "list"]).ended(7);
        test_env.unset("SUPABASE_ACCESS_TOKEN").unset(name);

        let heard = proxy.heard();
        for host in [format!("{REF}.supabase.co"), "api.supabase.com".to_owned()] {
            assert!(
                heard.contains(&format!("CONNECT {host}:443 HTTP/1.1\r\n")),
                "{heard}"
            );
        }
        for request in heard
            .split("\r\n\r\n")
            .filter(|request| !request.is_empty())
        {
            assert!(request.starts_with("CONNECT "), "{request}");
            for line in request.lines().skip(1) {
                let (header, _) = line.split_once(':').unwrap();
                assert!(
                    ["host", "user-agent", "proxy-authorization"]
                        .contains(&header.to_lowercase().as_str()),
                    "{line}"
                );
                // A proxy's own user and password are for the proxy.
                let is_for_the_proxy = header.eq_ignore_ascii_case("proxy-authorization");
                assert!(!is_for_the_proxy || name == "ALL_PROXY", "{line}");
            }
        }
        for hidden in [secret.as_str(), TOKEN, PASSWORD, "apikey", "sb_"] {
            assert!(!heard.contains(hidden), "{heard}");
        }
    }
    // Nor does a proxy's password stand in the log, as it is or as it is sent.
    for (path, text) in texts(test_env.home.path()) {
        for hidden in ["p@ss", "p%40ss", "dXMgZXI6"] {
            assert!(!text.contains(hidden), "{}", path.display());
        }
    }
    // A host that is named in NO_PROXY is gone to directly; its name does not resolve here.
    proxy.heard.lock().unwrap().clear();
    test_env
        .set("SUPABASE_URL", "https://host.invalid")
        .set("HTTPS_PROXY", format!("http://{}", proxy.at))
        .set("NO_PROXY", ".invalid");
    test_env.run(&["cycle", "list", "--as", "anon"]).ended(7);
    assert_eq!(proxy.heard(), "");
}

#[test]
fn a_proxy_that_cannot_be_used_stops_https_alone_and_is_not_shown() {
    let mut test_env = TestEnvironment::full();
    for value in [
        "socks5h://someone:hush-Zebra@127.0.0.1:1",
        "http://someone:hush-Zebra@127.0.0.1:99999",
        "http://someone:hush-Zebra@",
        "hush-Zebra\u{200b}://",
    ] {
        for name in ["HTTPS_PROXY", "all_proxy"] {
            test_env.set(name, value);
            test_env.run(&["cycle", "list", "--as", "service"]).done();
            let here = test_env.info.url.clone();
            test_env.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
            let ran = test_env.run(&["cycle", "list", "--as", "service"]);
            ran.ended(3);
            assert!(ran.err.contains(name), "{ran:?}");
            assert!(!ran.err.contains("hush"), "{ran:?}");
            test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
            let url = test_env.info.db_url.clone();
            let ran = test_env
                .unset("SUPABASE_DB_URL")
                .run(&["migration", "list"]);
            ran.ended(3);
            assert!(!ran.err.contains("hush"), "{ran:?}");
            test_env
                .unset("SUPABASE_ACCESS_TOKEN")
                .unset(name)
                .set("SUPABASE_DB_URL", url)
                .set("SUPABASE_URL", here);
        }
    }
}
