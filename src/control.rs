//! control: the control socket.
