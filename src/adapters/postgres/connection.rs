//! One connection: opens it in bounded time, drives it in a task of its own, and hands on the server's notices.

use super::address::{ConnectionConfig, Endpoint};
use super::cancel::Canceller;
use super::error::{connect_problem, connect_timeout, innermost, is_log, notice};
use super::handshake::{Handshake, Watched};
use crate::domain::problem::{Kind, Problem};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio_postgres::config::LoadBalanceHosts;
use tokio_postgres::{AsyncMessage, Client, Connection as Driver, SimpleQueryMessage, Socket};

/// An open connection. Dropping it closes it.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) notices: UnboundedReceiver<Notice>,
    pub(super) turns: NoticeOrder,
    pub(super) server_version: String,
    pub(super) end: CloseReason,
    pub(super) canceller: Canceller,
    pub(super) driver: AbortHandle,
}

/// Something that the server said beside its answers.
pub(super) struct Notice {
    /// Severity and text.
    pub(super) text: String,
    /// While it is held, the line may be waiting: see [`NoticeOrder`].
    _turn: Option<oneshot::Sender<()>>,
}

/// Whether the line reads on behind a notice only when that was taken. Notices and answers come by two ways, so this alone
/// tells which answers came before it.
#[derive(Clone)]
pub(super) struct NoticeOrder(watch::Sender<bool>);

impl NoticeOrder {
    /// Has notices taken in turn with the answers until the value is dropped. Meanwhile whoever awaits an answer must take
    /// notices too.
    pub(super) fn keep(&self) -> OrderedNotices {
        self.0.send_replace(true);
        OrderedNotices(self.clone())
    }
}

/// Notices are taken in turn as long as this lives.
pub(super) struct OrderedNotices(NoticeOrder);

impl Drop for OrderedNotices {
    fn drop(&mut self) {
        self.0.0.send_replace(false);
    }
}

/// Why a connection ended, told by the task that drives it.
#[derive(Clone, Default)]
pub(super) struct CloseReason(Arc<Mutex<Option<String>>>);

impl CloseReason {
    /// What was told, else what the error says.
    pub(super) fn why(&self, error: &tokio_postgres::Error) -> String {
        let told = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        told.unwrap_or_else(|| innermost(error))
    }

    fn tell(&self, why: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

impl Connection {
    /// Opens a connection under an application name.
    pub(super) async fn open(address: &ConnectionConfig, name: &str) -> Result<Self, Problem> {
        let limit = 2 * address
            .config
            .get_connect_timeout()
            .copied()
            .unwrap_or_default();
        // TLS and sign-in may take as long again as the connection attempt itself.
        let opened = tokio::time::timeout(limit, connect(address, name))
            .await
            .map_err(|_| connect_timeout(address, limit.as_secs()))??;
        let Opened {
            client,
            driver,
            handshake,
            endpoint,
        } = opened;
        let server_version = driver.parameter("server_version").unwrap_or_default();
        let server_version = server_version
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned();
        if driver.parameter("standard_conforming_strings") == Some("off") {
            return Err(strings_problem(address));
        }
        let (sender, notices) = unbounded_channel();
        let (turns, in_turn) = watch::channel(false);
        let end = CloseReason::default();
        let task = tokio::spawn(drive(driver, sender, in_turn, end.clone()));
        let canceller = Canceller::new(client.cancel_token(), handshake, endpoint);
        Ok(Self {
            client,
            notices,
            turns: NoticeOrder(turns),
            server_version,
            end,
            canceller,
            driver: task.abort_handle(),
        })
    }

    /// Closes the line at once. Dropping alone waits for the answers that are still due, which may never come.
    pub(super) fn give_up(&self) {
        self.driver.abort();
    }

    /// Runs SQL of ours and returns its rows as text.
    pub(super) async fn rows(
        &self,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
        Ok(rows_as_text(self.client.simple_query(sql).await?))
    }
}

/// What a connection attempt gives.
struct Opened {
    client: Client,
    driver: Driver<Socket, Watched<Socket>>,
    handshake: Handshake,
    endpoint: Endpoint,
}

/// Tries the hosts of an address in turn, each as its own policy wants it.
async fn connect(address: &ConnectionConfig, name: &str) -> Result<Opened, Problem> {
    let mut endpoints = address.endpoints();
    if address.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
        let count = endpoints.len().max(1) as u64;
        endpoints.rotate_left((random % count) as usize);
    }
    let mut failed = None;
    for endpoint in endpoints {
        let (host, ip) = (endpoint.host.as_ref(), endpoint.address);
        let mut config = address.config_of(&endpoint);
        if config.get_application_name().is_none() || name != super::database::APPLICATION {
            config.application_name(name);
        }
        let handshake = if endpoint.is_socket() {
            Handshake::plain()
        } else {
            Handshake::new(&address.requirements.policy(host, ip))?
        };
        match config.connect(handshake.clone()).await {
            Ok((client, driver)) => {
                return Ok(Opened {
                    client,
                    driver,
                    handshake,
                    endpoint,
                });
            }
            Err(error) => failed = Some(connect_problem(&error, address, &endpoint)),
        }
    }
    Err(failed.unwrap_or_else(|| Problem::internal("The database URL names no host.")))
}

/// The rows among the messages of a simple query.
pub(super) fn rows_as_text(messages: Vec<SimpleQueryMessage>) -> Vec<Vec<Option<String>>> {
    messages
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.try_get(column).ok().flatten().map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

/// Drives the connection to its end. A notice is handed on before any message that came behind it.
async fn drive<S, T>(
    mut driver: Driver<S, T>,
    notices: UnboundedSender<Notice>,
    mut in_turn: watch::Receiver<bool>,
    end: CloseReason,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| driver.poll_message(context)).await {
        match message {
            // What the server writes into its own log is about our statements too.
            Ok(AsyncMessage::Notice(said)) if is_log(&said) => {}
            Ok(AsyncMessage::Notice(said)) => {
                let (turn, taken) = oneshot::channel();
                let waits = *in_turn.borrow_and_update();
                let told = notices.send(Notice {
                    text: notice(&said),
                    _turn: waits.then_some(turn),
                });
                // Nobody may want it; that ends nothing.
                if waits && told.is_ok() {
                    tokio::select! {
                        _ = taken => {}
                        _ = in_turn.wait_for(|waits| !waits) => {}
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                let why = error
                    .as_db_error()
                    .map_or_else(|| innermost(&error), |refused| refused.message().to_owned());
                end.tell(why);
                return;
            }
        }
    }
}

/// With the setting off, a backslash would end strings elsewhere than supadeck reads them: nothing could be trusted.
fn strings_problem(address: &ConnectionConfig) -> Problem {
    Problem::new(
        Kind::Database,
        format!("{} sets standard_conforming_strings off.", address.host()),
        "Strings with backslashes would be read differently from how they are shown.",
    )
    .with_hint(format!(
        "Run `alter role {} set standard_conforming_strings = on` (or the same for the database).",
        address.user()
    ))
}
