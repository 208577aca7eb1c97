//! A virtual screen of our own, and what a person would do to a window on it: read its title, close it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, MapState,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME};

use crate::processes::{destroy, terminate, wait};

/// A running Xvfb; stopped when dropped.
pub(crate) struct Screen {
    child: Child,
    display: String,
}

impl Screen {
    /// Starts Xvfb on the first free display number.
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb cannot be started: install the package xvfb")?;
        let mut number = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut number)?;
        }
        if number.trim().is_empty() {
            child.wait().ok();
            bail!("Xvfb found no free display: remove stale /tmp/.X*-lock files");
        }
        Ok(Self { child, display: format!(":{}", number.trim()) })
    }

    /// The value for `DISPLAY`.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    /// The titles of all visible top-level windows.
    pub(crate) fn titles(&self) -> Result<Vec<String>> {
        let (connection, root) = self.connect()?;
        let mut titles = Vec::new();
        for window in visible(&connection, root)? {
            titles.extend(title(&connection, window)?);
        }
        Ok(titles)
    }

    /// Asks every visible window to close, as the button of a title bar does.
    pub(crate) fn close_windows(&self) -> Result<()> {
        let (connection, root) = self.connect()?;
        let protocols = atom(&connection, "WM_PROTOCOLS")?;
        let delete = atom(&connection, "WM_DELETE_WINDOW")?;
        let mut asked = 0;
        for window in visible(&connection, root)? {
            if title(&connection, window)?.is_none() {
                continue;
            }
            let event = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
            connection.send_event(false, window, EventMask::NO_EVENT, event)?;
            asked += 1;
        }
        // A round trip: the server must have read the events before this connection closes.
        connection.get_input_focus()?.reply()?;
        if asked == 0 {
            bail!("there is no window to close");
        }
        Ok(())
    }

    /// Puts a window over the whole screen that takes the keyboard, as another program does; it goes when dropped.
    pub(crate) fn cover(&self) -> Result<Cover> {
        let (connection, root) = self.connect()?;
        let window = connection.generate_id()?;
        let (width, height) = (1440, 900);
        let visual = connection.setup().roots[0].root_visual;
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            0,
            0,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            visual,
            &CreateWindowAux::new(),
        )?;
        connection.map_window(window)?;
        // A round trip: only a window that can be seen may have the keyboard.
        connection.get_input_focus()?.reply()?;
        connection.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?;
        let focused = connection.get_input_focus()?.reply()?.focus;
        if focused != window {
            bail!("the covering window did not get the keyboard");
        }
        Ok(Cover { _connection: connection })
    }

    /// The title of the window that has the keyboard; none where the window that has it has no title.
    pub(crate) fn focused(&self) -> Result<Option<String>> {
        let (connection, root) = self.connect()?;
        let mut window = connection.get_input_focus()?.reply()?.focus;
        // A toolkit gives the keyboard to a window within its own. 0 and 1 are no windows.
        while window > 1 && window != root {
            if let Some(title) = title(&connection, window)? {
                return Ok(Some(title));
            }
            window = connection.query_tree(window)?.reply()?.parent;
        }
        Ok(None)
    }

    /// The title of the top-level window above all others.
    pub(crate) fn topmost(&self) -> Result<Option<String>> {
        let (connection, root) = self.connect()?;
        // Bottom first.
        match visible(&connection, root)?.last() {
            Some(window) => title(&connection, *window),
            None => Ok(None),
        }
    }

    fn connect(&self) -> Result<(RustConnection, Window)> {
        let (connection, number) = x11rb::connect(Some(&self.display))
            .with_context(|| format!("cannot reach display {}", self.display))?;
        let root = connection.setup().roots[number].root;
        Ok((connection, root))
    }
}

/// A window of another program; it lives as long as its connection.
pub(crate) struct Cover {
    _connection: RustConnection,
}

impl Drop for Screen {
    fn drop(&mut self) {
        terminate(self.child.id());
        if wait(&mut self.child, Duration::from_secs(5)).is_err() {
            destroy(self.child.id());
            self.child.wait().ok();
        }
    }
}

fn atom(connection: &RustConnection, name: &str) -> Result<u32> {
    Ok(connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
}

fn visible(connection: &RustConnection, root: Window) -> Result<Vec<Window>> {
    let mut found = Vec::new();
    for window in connection.query_tree(root)?.reply()?.children {
        // A window may vanish while we look.
        let Ok(attributes) = connection.get_window_attributes(window)?.reply() else {
            continue;
        };
        if attributes.map_state == MapState::VIEWABLE {
            found.push(window);
        }
    }
    Ok(found)
}

fn title(connection: &RustConnection, window: Window) -> Result<Option<String>> {
    let name = atom(connection, "_NET_WM_NAME")?;
    let text = atom(connection, "UTF8_STRING")?;
    for (property, kind) in [(name, text), (AtomEnum::WM_NAME.into(), AtomEnum::STRING.into())] {
        if let Ok(reply) = connection.get_property(false, window, property, kind, 0, 1024)?.reply()
            && !reply.value.is_empty()
        {
            return Ok(Some(String::from_utf8_lossy(&reply.value).into_owned()));
        }
    }
    Ok(None)
}
