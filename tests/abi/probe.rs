//! The probe in Rust against the bare ABI: no C++ and no generated bindings. A panic becomes a status, as an exception does.
use std::ffi::c_void;
use std::panic::catch_unwind;

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    ptr: *const u8,
    len: usize,
}
unsafe impl Sync for Str {}

impl Str {
    const fn of(text: &'static [u8]) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() }
    }
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 { &[] } else { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

#[repr(C)]
struct Pair {
    key: Str,
    value: Str,
}

#[repr(C)]
struct Error {
    size: u32,
    status: i32,
    code: Str,
    message: Str,
    details: Str,
    http_status: i32,
    retry: i32,
    retry_after_ms: i64,
}

#[repr(C)]
struct Operations {
    size: u32,
    reserved: u32,
    poll: extern "C" fn(*const Call) -> i32,
    on_cancel: *const c_void,
    reserve: *const c_void,
    commit: *const c_void,
    write: extern "C" fn(*const Call, *const u8, usize) -> i32,
    fail: extern "C" fn(*const Call, *const Error),
    heartbeat: *const c_void,
}

#[repr(C)]
struct Call {
    size: u32,
    attempt: u32,
    deadline_ns: i64,
    idempotency_key: Str,
    trace_parent: Str,
    ops: *const Operations,
    host_data: *mut c_void,
}

#[repr(C)]
struct Host {
    size: u32,
    magic: u32,
    abi_major: u32,
    abi_minor: u32,
    flags: u64,
    name: Str,
    version: Str,
    host_data: *mut c_void,
    service: extern "C" fn(*const Host, Str) -> *const c_void,
    hold: *const c_void,
    release: *const c_void,
}

#[repr(C)]
struct Clock {
    size: u32,
    reserved: u32,
    wall_ns: *const c_void,
    monotonic_ns: *const c_void,
    sleep: extern "C" fn(*const Host, *const Call, i64) -> i32,
}

#[repr(C)]
struct Log {
    size: u32,
    reserved: u32,
    enabled: extern "C" fn(*const Host, i32) -> i32,
    write: extern "C" fn(*const Host, *const Call, i32, Str, *const Pair, usize),
}

#[repr(C)]
struct Connection {
    size: u32,
    mode: u32,
    base_url: Str,
    authorization: Str,
    ca_file: Str,
}

#[repr(C)]
struct Request {
    size: u32,
    flags: u32,
    method: Str,
    path: Str,
    query: Str,
    headers: Str,
    body: Str,
    content_type: Str,
}

#[repr(C)]
struct Descriptor {
    size: u32,
    concurrency: u32,
    unload: u32,
    reserved: u32,
    id: Str,
    version: Str,
    manifest: Str,
}

type State = *const Host;
type Instance = *const Host;

#[repr(C)]
struct Plugin {
    size: u32,
    magic: u32,
    abi_major: u32,
    abi_minor: u32,
    abi_minor_needed: u32,
    reserved: u32,
    descriptor: *const Descriptor,
    start: extern "C" fn(*const Host, *const Call, *mut State) -> i32,
    stop: extern "C" fn(State),
    serialize_config: extern "C" fn(State, *const Call, Str) -> i32,
    authenticate: extern "C" fn(State, *const Call, Str, *const Connection) -> i32,
    parse_instance: extern "C" fn(State, *const Call, Str) -> i32,
    open_instance: extern "C" fn(State, *const Call, Str, *mut Instance) -> i32,
    close_instance: extern "C" fn(Instance),
    invoke: extern "C" fn(Instance, *const Call, *const Request) -> i32,
    poll_events: extern "C" fn(Instance, *const Call, Str, u32) -> i32,
    extension: *const c_void,
}
unsafe impl Sync for Plugin {}
unsafe impl Sync for Descriptor {}

const MAGIC: u32 = 0x314d_4c45;

/// What a hook's body gives: bytes for the sink, or status, code and sentence.
type Outcome = Result<Vec<Vec<u8>>, (i32, &'static str, String)>;

fn report(call: *const Call, status: i32, code: &str, message: &str) -> i32 {
    let error = Error {
        size: std::mem::size_of::<Error>() as u32,
        status,
        code: Str { ptr: code.as_ptr(), len: code.len() },
        message: Str { ptr: message.as_ptr(), len: message.len() },
        details: Str { ptr: std::ptr::null(), len: 0 },
        http_status: 0,
        retry: 0,
        retry_after_ms: -1,
    };
    unsafe { ((*(*call).ops).fail)(call, &error) };
    status
}

/// The barrier: nothing unwinds into the host.
fn guard(call: *const Call, body: impl FnOnce() -> Outcome + std::panic::UnwindSafe) -> i32 {
    match catch_unwind(body) {
        Ok(Ok(parts)) => {
            for part in parts {
                let status = unsafe { ((*(*call).ops).write)(call, part.as_ptr(), part.len()) };
                if status != 0 {
                    return report(call, status, "output.limit", "the result is over the host's limit");
                }
            }
            0
        }
        Ok(Err((status, code, message))) => report(call, status, code, &message),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied().unwrap_or("a panic");
            report(call, 13, "plugin.exception", text)
        }
    }
}

extern "C" fn start(host: *const Host, _: *const Call, state: *mut State) -> i32 {
    // R9: a panic must not write to stderr.
    std::panic::set_hook(Box::new(|_| {}));
    unsafe { *state = host };
    0
}
extern "C" fn stop(_: State) {}
extern "C" fn serialize_config(_: State, call: *const Call, draft: Str) -> i32 {
    guard(call, || Ok(vec![unsafe { draft.bytes() }.to_vec()]))
}
extern "C" fn authenticate(_: State, call: *const Call, request: Str, connection: *const Connection) -> i32 {
    guard(call, || {
        if unsafe { (*connection).authorization.bytes() } == b"wrong" {
            return Err((16, "probe.refused", "the other side refused the credentials".into()));
        }
        Ok(vec![unsafe { request.bytes() }.to_vec()])
    })
}
extern "C" fn parse_instance(_: State, call: *const Call, answer: Str) -> i32 {
    guard(call, || match unsafe { answer.bytes() } {
        b"{}" => Err((15, "probe.missing", "the answer has no 'id'".into())),
        bytes => Ok(vec![bytes.to_vec()]),
    })
}
extern "C" fn open_instance(state: State, _: *const Call, _: Str, instance: *mut Instance) -> i32 {
    unsafe { *instance = state };
    0
}
extern "C" fn close_instance(_: Instance) {}

unsafe fn wait_for_ever(host: *const Host, call: *const Call) -> Outcome {
    let clock = ((*host).service)(host, Str::of(b"element.clock/1")) as *const Clock;
    loop {
        let status = ((*clock).sleep)(host, call, 1_000_000_000);
        if status != 0 {
            return Err((status, "call.ended", "the call was ended".into()));
        }
    }
}

unsafe fn say(host: *const Host, call: *const Call) {
    let log = ((*host).service)(host, Str::of(b"element.log/1")) as *const Log;
    if !log.is_null() && ((*log).enabled)(host, 2) != 0 {
        let field = Pair { key: Str::of(b"language"), value: Str::of(b"Rust") };
        ((*log).write)(host, call, 2, Str::of(b"said from a hook"), &field, 1);
    }
}

extern "C" fn invoke(instance: Instance, call: *const Call, request: *const Request) -> i32 {
    guard(call, || unsafe {
        match (*request).path.bytes() {
            b"/throw" => panic!("thrown inside a hook"),
            b"/wait" => return wait_for_ever(instance, call),
            b"/log" => say(instance, call),
            _ => {}
        }
        let head = b"{\"status\":200,\"contentType\":\"text/plain\"}\n".to_vec();
        Ok(vec![head, (*request).body.bytes().to_vec()])
    })
}
extern "C" fn poll_events(_: Instance, call: *const Call, _: Str, _: u32) -> i32 {
    guard(call, || Ok(vec![b"{\"cursor\":\"c1\",\"events\":[]}".to_vec()]))
}

static DESCRIPTOR: Descriptor = Descriptor {
    size: std::mem::size_of::<Descriptor>() as u32,
    concurrency: 2,
    unload: 0,
    reserved: 0,
    id: Str::of(b"com.example.probe"),
    version: Str::of(b"1.2.3"),
    manifest: Str::of(include_bytes!("element.json")),
};

static PLUGIN: Plugin = Plugin {
    size: std::mem::size_of::<Plugin>() as u32,
    magic: MAGIC,
    abi_major: 1,
    abi_minor: 0,
    abi_minor_needed: 0,
    reserved: 0,
    descriptor: &DESCRIPTOR,
    start,
    stop,
    serialize_config,
    authenticate,
    parse_instance,
    open_instance,
    close_instance,
    invoke,
    poll_events,
    extension: std::ptr::null(),
};

#[no_mangle]
extern "C" fn element_plugin_entry_v1(host: *const Host) -> *const Plugin {
    let fits = !host.is_null() && unsafe { (*host).magic == MAGIC && (*host).abi_major == 1 };
    if fits { &PLUGIN } else { std::ptr::null() }
}
