//! A small FTP client (RFC 959, RFC 2428): names are bytes, and transfers can be broken off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// How long a server under a loaded test machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A session with an FTP server.
pub struct FtpClient {
    control: BufReader<TcpStream>,
    address: SocketAddr,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits: 2xx for done, 4xx and 5xx for not done.
    pub code: u16,
    /// The last line, with its code.
    pub text: String,
}

impl FtpClient {
    /// Connects and waits for the greeting.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let control = BufReader::new(stream);
        let mut client = Self { control, address };
        assert_eq!(client.reply().code, 220);
        client
    }

    /// Logs in, in binary mode; 230 when it worked.
    pub fn login(&mut self, user: &str, password: &str) -> Reply {
        self.command(format!("USER {user}").as_bytes());
        let reply = self.command(format!("PASS {password}").as_bytes());
        if reply.code == 230 {
            self.command(b"TYPE I");
        }
        reply
    }

    /// Sends a line and waits for the answer.
    pub fn command(&mut self, line: &[u8]) -> Reply {
        let line = [line, b"\r\n"].concat();
        self.control.get_mut().write_all(&line).unwrap();
        self.reply()
    }

    /// Waits for the next answer, such as that to a transfer's end.
    pub fn reply(&mut self) -> Reply {
        loop {
            let mut line = Vec::new();
            self.control.read_until(b'\n', &mut line).unwrap();
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            assert!(!text.is_empty(), "the server has closed the session");
            // `230-` and text of any form are lines of an answer that goes on.
            let code = text.get(..3).and_then(|code| code.parse().ok());
            if let Some(code) = code.filter(|_| text.as_bytes().get(3) == Some(&b' ')) {
                return Reply { code, text };
            }
        }
    }

    /// Begins a transfer: `STOR name`, `APPE name`, `RETR name`. The answer to its end is still to
    /// come; a refusal is the error.
    ///
    /// # Errors
    /// The server's refusal, such as 550 for a file that does not exist.
    pub fn begin(&mut self, verb: &str, name: &[u8]) -> Result<TcpStream, Reply> {
        let reply = self.command(b"EPSV");
        let port = reply
            .text
            .split('|')
            .nth(3)
            .and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("no port in {reply:?}"));
        let address = SocketAddr::new(self.address.ip(), port);
        let data = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        data.set_read_timeout(Some(PATIENCE)).unwrap();
        let reply = self.command(&[verb.as_bytes(), b" ", name].concat());
        if reply.code < 200 {
            Ok(data)
        } else {
            Err(reply)
        }
    }

    /// Uploads a file: `STOR`, or `APPE` to add to one.
    pub fn upload(&mut self, verb: &str, name: &[u8], content: &[u8]) -> Reply {
        match self.begin(verb, name) {
            Ok(mut data) => {
                data.write_all(content).unwrap();
                drop(data);
                self.reply()
            }
            Err(refusal) => refusal,
        }
    }

    /// Downloads a file.
    pub fn download(&mut self, name: &[u8]) -> (Reply, Vec<u8>) {
        let mut content = Vec::new();
        match self.begin("RETR", name) {
            Ok(mut data) => {
                data.read_to_end(&mut content).unwrap();
                drop(data);
                (self.reply(), content)
            }
            Err(refusal) => (refusal, content),
        }
    }

    /// Deletes a file.
    pub fn delete(&mut self, name: &[u8]) -> Reply {
        self.command(&[b"DELE ", name].concat())
    }

    /// Uploads no more than `content` of a file and breaks the connection off.
    pub fn break_upload(&mut self, name: &[u8], content: &[u8]) -> Reply {
        let mut data = self.begin("STOR", name).unwrap();
        data.write_all(content).unwrap();
        reset(data);
        self.reply()
    }

    /// Downloads the first byte of a file and breaks the connection off. The file must be larger
    /// than what the connection's buffers hold, some MiB.
    pub fn break_download(&mut self, name: &[u8]) -> Reply {
        let mut data = self.begin("RETR", name).unwrap();
        data.read_exact(&mut [0]).unwrap();
        reset(data);
        self.reply()
    }
}

/// Closes a connection as a crash does, not as an orderly end.
fn reset(data: TcpStream) {
    set_socket_linger(&data, Some(Duration::ZERO)).unwrap();
}
