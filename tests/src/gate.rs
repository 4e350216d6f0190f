//! A gate on the way to a server, which can be held shut and closed for good.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// They pass.
    Open,
    /// They wait, and nobody is told.
    Held,
    /// Connections are closed as soon as they are there.
    Closed,
}

/// Hands on what comes, as long as the runtime lives that it was made on.
pub struct Gate {
    address: SocketAddr,
    passage: watch::Sender<Passage>,
}

impl Gate {
    /// An open gate on the way to a server.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (passage, state) = watch::channel(Passage::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut state = state.clone();
                tokio::spawn(async move {
                    let carrying = carry(client, server, state.clone());
                    tokio::select! {
                        _ = carrying => {}
                        _ = state.wait_for(|passage| *passage == Passage::Closed) => {}
                    }
                });
            }
        });
        Self { address, passage }
    }

    /// Where it stands.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it lets this through.
    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }
}

async fn carry(
    client: TcpStream,
    server: SocketAddr,
    state: watch::Receiver<Passage>,
) -> std::io::Result<()> {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = TcpStream::connect(server).await?.into_split();
    tokio::try_join!(
        pass(from_client, to_server, state.clone()),
        pass(from_server, to_client, state),
    )?;
    Ok(())
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<Passage>,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        // The gate goes only with its runtime.
        state
            .wait_for(|passage| *passage == Passage::Open)
            .await
            .ok();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..count]).await?;
    }
}
