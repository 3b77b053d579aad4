//! Letters in both languages, settings that are refused, and a letter through a mail server.
#![allow(clippy::unwrap_used)]

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use super::*;

fn letter(kind: Kind, locale: &str) -> Letter {
    let to = Reader {
        email: "mina@souk.example",
        name: "민아",
        locale,
    };
    write(kind, &to, "https://shop.example/x#ot_1", 7)
}

#[test]
fn every_letter_is_written_in_both_languages() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_key(kind.key()), Some(kind));
        let (korean, english) = (letter(kind, "ko-KR"), letter(kind, "fr"));
        assert_ne!(korean.subject, english.subject);
        assert!(english.subject.is_ascii() && !korean.subject.is_ascii());
        for letter in [korean, english] {
            assert!(letter.body.contains("https://shop.example/x#ot_1"));
            assert!(letter.body.contains("민아"));
            assert_eq!(format!("{letter:?}"), "Letter(redacted)");
        }
    }
}

#[test]
fn mail_without_tls_goes_no_further_than_this_machine() {
    let post = |url: &str, from: &str| {
        let config = MailConfig {
            smtp_url: Some(url.to_owned()),
            from: from.to_owned(),
            ..MailConfig::default()
        };
        Post::new(&config).map(drop)
    };
    let from = "Souk <no-reply@souk.example>";
    for url in [
        "smtps://u:p@mail.example",
        "smtp://mail.example:587?tls=required",
        "smtp://127.0.0.1:25",
    ] {
        post(url, from).unwrap();
    }
    for url in [
        "smtp://u:secret@mail.example:25",
        "smtp://mail.example?tls=opportunistic",
        "http://mail.example",
    ] {
        let said = post(url, from).unwrap_err();
        assert!(
            said.starts_with("mail.smtp_url") && !said.contains("secret"),
            "{said}"
        );
    }
    assert!(
        post("smtps://mail.example", "nobody")
            .unwrap_err()
            .starts_with("mail.from")
    );
}

/// A mail server that takes one letter, and hands over what it was told.
async fn server(listener: TcpListener) -> String {
    let (socket, _) = listener.accept().await.unwrap();
    let (reading, mut writing) = socket.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut told = String::new();
    let mut in_data = false;
    writing.write_all(b"220 test\r\n").await.unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        told.push_str(&line);
        told.push('\n');
        let answer: &[u8] = match line.get(..4) {
            _ if in_data && line == "." => {
                in_data = false;
                b"250 taken\r\n"
            }
            _ if in_data => continue,
            Some("EHLO") => b"250-test\r\n250 8BITMIME\r\n",
            Some("DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            Some("QUIT") => return told,
            _ => b"250 fine\r\n",
        };
        writing.write_all(answer).await.unwrap();
        if told.ends_with("\n.\n") {
            return told;
        }
    }
    told
}

#[tokio::test]
async fn a_letter_reaches_a_mail_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(server(listener));
    let config = MailConfig {
        smtp_url: Some(format!("smtp://127.0.0.1:{port}")),
        ..MailConfig::default()
    };
    let post = Post::new(&config).unwrap();
    assert!(post.mailbox().is_none());
    post.send(letter(Kind::ResetPassword, "en")).await.unwrap();
    let told = served.await.unwrap();
    assert!(told.contains("RCPT TO:<mina@souk.example>"), "{told}");
    assert!(told.contains("Subject: Choose a new password"), "{told}");
}

#[tokio::test]
async fn the_mailbox_forgets_the_oldest() {
    let post = Post::new(&MailConfig::default()).unwrap();
    for _ in 0..limits::MAILBOX_LETTERS_MAX + 5 {
        post.send(letter(Kind::VerifyEmail, "ko")).await.unwrap();
    }
    let letters = post.mailbox().unwrap().letters();
    assert_eq!(letters.len(), limits::MAILBOX_LETTERS_MAX);
}
