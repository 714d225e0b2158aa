//! The spawn and its sandbox, with a tool that misbehaves on demand (promises P17 to P22).

mod kit;
mod limits;
mod walls;
