//! Asks the server to stop what a connection runs.
//!
//! The request has no answer: its line is closed by the other side when it was taken. As libpq does, this waits for
//! that. PgBouncer forgets a request whose line the client closes first, and version 1.18 even dies of it.

use super::address::Endpoint;
use super::handshake::Handshake;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(not(unix))]
use tokio::net::TcpStream as OtherStream;
#[cfg(unix)]
use tokio::net::UnixStream as OtherStream;
use tokio_postgres::CancelToken;
use tokio_postgres::config::Host;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_util::either::Either;

/// How long the other side may take to close the line.
const LIMIT: Duration = Duration::from_secs(10);

/// The capability to stop what a connection runs.
#[derive(Clone)]
pub(super) struct Canceller {
    token: CancelToken,
    handshake: Handshake,
    /// The host that was taken; absent where the system cannot connect to it itself.
    host: Option<(Host, u16)>,
    name: String,
}

impl Canceller {
    /// The capability for a connection that was made.
    pub(super) fn new(token: CancelToken, handshake: Handshake, endpoint: Endpoint) -> Self {
        let name = match (&endpoint.host, endpoint.address) {
            (Some(Host::Tcp(name)), _) => name.clone(),
            (None, Some(ip)) => ip.to_string(),
            _ => String::new(),
        };
        let host = match (endpoint.host, endpoint.address) {
            #[cfg(unix)]
            (Some(socket @ Host::Unix(_)), _) => Some(socket),
            (_, Some(ip)) => Some(Host::Tcp(ip.to_string())),
            (host, None) => host,
        };
        Self {
            token,
            handshake,
            host: host.map(|host| (host, endpoint.port)),
            name,
        }
    }

    /// Sends the request. Whether it came in time shows only in how the statement ends.
    pub(super) async fn send(mut self) {
        let sent = async {
            match self.host.take() {
                Some((host, port)) => self.send_to(host, port).await,
                None => self
                    .token
                    .cancel_query(self.handshake.clone())
                    .await
                    .is_ok(),
            }
        };
        // A request that fails is repeated by the caller, and the line's own end is noticed anyway.
        let _ = tokio::time::timeout(LIMIT, sent).await;
    }

    async fn send_to(&mut self, host: Host, port: u16) -> bool {
        let line: Line = match host {
            Host::Tcp(name) => match TcpStream::connect((name.as_str(), port)).await {
                Ok(line) => Either::Left(line),
                Err(_) => return false,
            },
            #[cfg(unix)]
            Host::Unix(folder) => {
                match OtherStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await {
                    Ok(line) => Either::Right(line),
                    Err(_) => return false,
                }
            }
        };
        let line = DrainOnShutdown::new(line);
        let made = MakeTlsConnect::<DrainOnShutdown<Line>>::make_tls_connect(
            &mut self.handshake,
            &self.name,
        );
        let Ok(tls) = made else { return false };
        self.token
            .cancel_query_raw(line, DrainTls(tls))
            .await
            .is_ok()
    }
}

/// A line of either kind of socket.
type Line = Either<TcpStream, OtherStream>;

/// A stream that is shut down only after the other side has closed it.
struct DrainOnShutdown<T> {
    inner: T,
    is_closed: bool,
}

impl<T> DrainOnShutdown<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            is_closed: false,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for DrainOnShutdown<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for DrainOnShutdown<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 64];
        while !self.is_closed {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer));
            self.is_closed = read.is_err() || buffer.filled().is_empty();
        }
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<T: TlsStream + Unpin> TlsStream for DrainOnShutdown<T> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

/// TLS on a line, patient above the encryption too: else the farewell of TLS would close the line early.
struct DrainTls<C>(C);

impl<S, C> TlsConnect<S> for DrainTls<C>
where
    C: TlsConnect<S>,
    C::Stream: Unpin,
    C::Future: Send + 'static,
{
    type Stream = DrainOnShutdown<C::Stream>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = self.0.connect(stream);
        Box::pin(async move { connecting.await.map(DrainOnShutdown::new) })
    }
}
