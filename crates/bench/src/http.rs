//! A lean HTTP/1.1 client: one kept-alive connection, buffers reused, no more than the load needs.
//!
//! The load shares a machine with what it measures, so every microsecond saved here is one that the
//! server's figures do not have to be defended against.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fault::Fault;

/// A kept-alive connection that carries one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

/// A whole answer, borrowed from the connection that read it.
pub(crate) struct Answer<'c> {
    /// The status code.
    pub(crate) status: u16,
    head: &'c str,
    /// The body, with any chunking taken out.
    pub(crate) body: &'c str,
}

impl Answer<'_> {
    /// The first value of a header, the name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Every value of a header, the name in any case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().skip(1).filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The answer, if it has this status.
    ///
    /// # Errors
    ///
    /// [`Fault::Status`].
    pub(crate) fn expect(self, status: u16) -> Result<Self, Fault> {
        if self.status == status {
            return Ok(self);
        }
        let body = self.body.chars().take(300).collect();
        Err(Fault::Status {
            expected: status,
            got: self.status,
            body,
        })
    }

    /// Where a 303 leads.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it is no 303.
    pub(crate) fn see_other(self) -> Result<String, Fault> {
        let answer = self.expect(303)?;
        let location = answer
            .header("location")
            .ok_or(Fault::Content("a Location header"))?;
        Ok(location.to_owned())
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Nobody listens at the address.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            outgoing: Vec::with_capacity(2 << 10),
            incoming: Vec::with_capacity(64 << 10),
        })
    }

    /// Sends a GET and reads the whole answer.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the connection breaks or what comes is no HTTP.
    pub(crate) async fn get(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer<'_>, Fault> {
        self.begin("GET", target, headers);
        self.outgoing.extend_from_slice(b"\r\n");
        self.exchange().await
    }

    /// Sends a POST of a form and reads the whole answer.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the connection breaks or what comes is no HTTP.
    pub(crate) async fn post(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Result<Answer<'_>, Fault> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let length = body.len().to_string();
        self.begin("POST", target, headers);
        self.field("Content-Type", "application/x-www-form-urlencoded");
        self.field("Content-Length", &length);
        self.outgoing.extend_from_slice(b"\r\n");
        self.outgoing.extend_from_slice(body.as_bytes());
        self.exchange().await
    }

    fn begin(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) {
        self.outgoing.clear();
        for part in [method, " ", target, " HTTP/1.1\r\n"] {
            self.outgoing.extend_from_slice(part.as_bytes());
        }
        for (name, value) in headers {
            self.field(name, value);
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\r\n"] {
            self.outgoing.extend_from_slice(part.as_bytes());
        }
    }

    async fn exchange(&mut self) -> Result<Answer<'_>, Fault> {
        self.stream.write_all(&self.outgoing).await?;
        self.incoming.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = Head::parse(&self.incoming)? {
                break head;
            }
        };
        let body_end = match head.length {
            Length::Known(length) => {
                let end = head.end + length;
                while self.incoming.len() < end {
                    self.read_more().await?;
                }
                end
            }
            Length::Chunked => loop {
                if let Some(end) = unchunk(&mut self.incoming, head.end)? {
                    break end;
                }
                self.read_more().await?;
            },
        };
        let text = str::from_utf8(self.incoming.get(..body_end).unwrap_or_default());
        match text.ok().and_then(|text| text.split_at_checked(head.end)) {
            Some((text, body)) => Ok(Answer {
                status: head.status,
                head: text,
                body,
            }),
            None => Err(Fault::Content("text in UTF-8")),
        }
    }

    async fn read_more(&mut self) -> Result<(), Fault> {
        match self.stream.read_buf(&mut self.incoming).await? {
            0 => Err(Fault::Closed),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Length {
    Known(usize),
    Chunked,
}

#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    length: Length,
    /// Where the body begins.
    end: usize,
}

impl Head {
    /// Reads the head, if all of it is there.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let Some(end) = find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = bytes.get(..end).and_then(|head| str::from_utf8(head).ok());
        let mut lines = head.ok_or(Fault::Content("an HTTP head"))?.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3)?.parse().ok())
            .ok_or(Fault::Content("an HTTP/1.1 status line"))?;

        let mut length = Length::Known(0);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                let value = value
                    .trim()
                    .parse()
                    .map_err(|_| Fault::Content("a length"))?;
                length = Length::Known(value);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                length = Length::Chunked;
            }
        }
        Ok(Some(Self {
            status,
            length,
            end: end + 4,
        }))
    }
}

/// Takes the chunk heads out of a body that begins at `start`, if all of it is there; the new end.
fn unchunk(bytes: &mut Vec<u8>, start: usize) -> Result<Option<usize>, Fault> {
    let mut body = Vec::new();
    let mut rest = bytes.get(start..).unwrap_or_default();
    loop {
        let Some(line_end) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let size = rest
            .get(..line_end)
            .and_then(|line| str::from_utf8(line).ok())
            .and_then(|line| usize::from_str_radix(line.trim(), 16).ok())
            .ok_or(Fault::Content("a chunk size"))?;
        let Some(chunk) = rest.get(line_end + 2..line_end + 2 + size) else {
            return Ok(None);
        };
        let Some(after) = rest.get(line_end + 2 + size + 2..) else {
            return Ok(None);
        };
        if size == 0 {
            break;
        }
        body.extend_from_slice(chunk);
        rest = after;
    }
    bytes.truncate(start);
    bytes.extend_from_slice(&body);
    Ok(Some(bytes.len()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_head_is_read_once_all_of_it_is_there() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        assert_eq!(Head::parse(&answer[..30]).unwrap(), None);
        assert_eq!(
            Head::parse(answer).unwrap(),
            Some(Head {
                status: 200,
                length: Length::Known(5),
                end: 38
            })
        );
    }

    #[test]
    fn what_is_no_http_is_refused() {
        assert!(Head::parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_joined_once_the_last_is_there() {
        let whole = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            assert_eq!(
                unchunk(&mut whole[..cut].to_vec(), 0).unwrap(),
                None,
                "{cut}"
            );
        }
        let mut bytes = whole.to_vec();

        let end = unchunk(&mut bytes, 0).unwrap();

        assert_eq!(
            (end, bytes.as_slice()),
            (Some(11), b"hello world".as_slice())
        );
    }

    #[tokio::test]
    async fn one_connection_carries_many_requests() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut requests = Vec::new();
            for answer in [
                "HTTP/1.1 303 See Other\r\nlocation: /next\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\n\
                 content-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ] {
                let mut request = vec![0; 1024];
                let length = stream.read(&mut request).await.unwrap();
                requests.push(String::from_utf8(request[..length].to_vec()).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            requests
        });

        let mut connection = Connection::open(address).await.unwrap();
        let first = connection.get("/first", &[("Host", "h")]).await.unwrap();
        assert_eq!(
            first.headers("set-cookie").collect::<Vec<_>>(),
            ["a=1", "b=2"]
        );
        assert_eq!(first.see_other().unwrap(), "/next");
        let second = connection
            .post("/next", &[("Host", "h")], &[("q", "a b")])
            .await
            .unwrap();
        assert_eq!(second.expect(200).unwrap().body, "ok");

        assert_eq!(
            server.await.unwrap(),
            [
                "GET /first HTTP/1.1\r\nHost: h\r\n\r\n",
                "POST /next HTTP/1.1\r\nHost: h\r\nContent-Type: \
                 application/x-www-form-urlencoded\r\nContent-Length: 5\r\n\r\nq=a+b",
            ]
        );
    }
}
