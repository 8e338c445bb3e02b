//! Ports that are no terminal, or not only one.

use super::*;

#[test]
fn one_port_over_tcp_and_a_terminal() -> Outcome {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut port = Port::pty()?;
        port.listen(listener);
        let mut caller = TcpStream::connect(address).await?;
        expect(&mut port, PortEvent::HostOpened).await;
        caller.write_all(b"AT\r").await?;
        expect_bytes(&mut port, b"AT\r").await;
        assert_eq!(port.try_write(b"OK")?, 2);
        let mut heard = [0; 2];
        caller.read_exact(&mut heard).await?;

        let mut file = host(&port)?;
        file.write_all(b"ATI\r")?;
        expect_bytes(&mut port, b"ATI\r").await;
        assert_eq!(port.try_write(b"hi")?, 2);
        file.read_exact(&mut heard)?;
        assert_eq!(&heard, b"hi", "the answer goes where the question came from");

        let mut second = TcpStream::connect(address).await?;
        second.write_all(b"me too").await?;
        drop(caller);
        drop(file);
        let mut events = vec![];
        while let (event, heard) = next(&mut port).await
            && heard != b"me too"
        {
            events.push(event);
        }
        assert!(events.iter().filter(|e| **e == PortEvent::HostClosed).count() <= 1, "{events:?}");
        assert!(port.is_open());
        drop(second);
        loop {
            if next(&mut port).await.0 == PortEvent::HostClosed {
                return Ok(());
            }
        }
    })
}

#[test]
fn a_port_in_memory() -> Outcome {
    run(async {
        let (mut port, mut host) = Port::memory()?;
        assert_eq!(port.path(), None);
        expect(&mut port, PortEvent::HostOpened).await;
        host.write_all(b"AT\r").await?;
        expect_bytes(&mut port, b"AT\r").await;
        let mut sent = 0;
        while let Ok(n) = port.try_write(&[b'x'; 4096]) {
            sent += n;
        }
        let mut heard = vec![0; sent];
        let (event, read) = tokio::join!(port.event(&mut [], true), host.read_exact(&mut heard));
        assert_eq!((event, read?), (PortEvent::Writable, sent));
        host.write_all(b"last").await?;
        drop(host);
        expect_bytes(&mut port, b"last").await;
        assert_eq!(port.event(&mut [], false).await, PortEvent::HostClosed);
        assert_eq!(port.try_write(b"nobody")?, 6);
        Ok(())
    })
}
