//! The client over unix sockets.

use std::os::unix::net::{UnixListener, UnixStream};

use super::*;

/// A unix socket's listener, its address, and the directory that holds it.
fn unix_listener() -> (UnixListener, String, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("etlmon.sock");
    let listener = UnixListener::bind(&path).unwrap();
    (listener, format!("unix:{}", path.display()), directory)
}

#[test]
fn a_unix_socket_serves_several_requests() {
    let (listener, address, _directory) = unix_listener();
    let (seen, requests) = channel();
    // The second is longer than any buffer.
    let long = format!("[{}]", " ".repeat(1 << 20));
    let answers = ["[]", &long]
        .map(|body| answer("200 OK", "application/json", body))
        .to_vec();
    thread::spawn(move || talk(listener.accept().unwrap().0, &answers, &seen));
    let client = Client::new(&address, options()).unwrap();
    assert_eq!(client.get_text(routes::FS, &[]).unwrap(), "[]");
    assert_eq!(client.get_text(routes::FS, &[]).unwrap(), long);
    assert!(
        requests
            .recv()
            .unwrap()
            .to_lowercase()
            .contains("\r\nhost: localhost\r\n")
    );
}

#[test]
fn a_unix_socket_that_was_closed_is_opened_anew() {
    let (listener, address, _directory) = unix_listener();
    let (seen, requests) = channel();
    let list = vec![answer("200 OK", "application/json", "[]")];
    let closed = thread::spawn({
        let listener = listener.try_clone().unwrap();
        let (list, seen) = (list.clone(), seen.clone());
        move || talk(listener.accept().unwrap().0, &list, &seen)
    });
    let client = Client::new(&address, options()).unwrap();
    assert_eq!(client.get_text(routes::FS, &[]).unwrap(), "[]");
    closed.join().unwrap();
    thread::spawn(move || talk(listener.accept().unwrap().0, &list, &seen));
    assert_eq!(client.get_text(routes::FS, &[]).unwrap(), "[]");
    assert_eq!(requests.iter().count(), 2);
}

#[test]
fn a_unix_socket_that_is_away_is_unreachable() {
    let (listener, address, directory) = unix_listener();
    drop(listener);
    let client = Client::new(&address, options()).unwrap();
    let error = client.health().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{address} does not answer: Connection refused")),
        "{error}"
    );
    drop(directory);
    let error = client.health().unwrap_err().to_string();
    assert!(
        error.contains("does not answer: No such file or directory"),
        "{error}"
    );
}

#[test]
fn a_slow_unix_socket_is_given_up_in_time() {
    let (listener, address, _directory) = unix_listener();
    assert_given_up_in_time(&address);
    thread::spawn(move || {
        for stream in listener.incoming().skip(1) {
            drip(stream.unwrap());
        }
    });
    assert_given_up_in_time(&address);
}

#[test]
fn a_unix_socket_whose_queue_is_full_is_given_up_in_time() {
    let (listener, address, _directory) = unix_listener();
    rustix::net::listen(&listener, 0).unwrap();
    let _waiting = UnixStream::connect(address.strip_prefix("unix:").unwrap()).unwrap();
    assert_given_up_in_time(&address);
}
