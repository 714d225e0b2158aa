//! The system calls no scanner needs (promise P18). A second wall behind the namespaces.
//! Never a list of what is allowed: tools of several languages must run, so it names what is not.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use crate::process::Network;

/// New namespaces of any kind, in `clone`'s flags.
const NAMESPACE_FLAGS: [libc::c_int; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Calls refused whatever their arguments.
const REFUSED: [libc::c_long; 31] = [
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_acct,
    libc::SYS_pidfd_getfd,
];

/// Puts the filter in force for this process and everything it becomes or starts.
pub(super) fn apply(network: Network) -> Result<(), String> {
    let flaw = |error: &dyn std::fmt::Display| format!("system call filter: {error}");
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let clone: Result<Vec<_>, _> = NAMESPACE_FLAGS
        .iter()
        .map(|flag| {
            let flag = u64::from(flag.cast_unsigned());
            rule(0, SeccompCmpOp::MaskedEq(flag), flag)
        })
        .collect();
    rules.insert(libc::SYS_clone, clone.map_err(|error| flaw(&error))?);
    rules.insert(libc::SYS_socket, refused_sockets(network).map_err(|error| flaw(&error))?);
    refuse_other_numbers(&mut rules);
    install(rules, libc::EPERM).map_err(|error| flaw(&error))?;
    // The flags of clone3 lie behind a pointer a filter cannot read: without it, clone is used.
    let mut rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    refuse_other_numbers(&mut rules);
    install(rules, libc::ENOSYS).map_err(|error| flaw(&error))
}

/// Every family but those a tool can have a use for. The right to the network is one to TCP and
/// UDP; the route family is how a name lookup asks for the machine's own addresses.
fn refused_sockets(network: Network) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let number = |name: libc::c_int| u64::from(name.cast_unsigned());
    let is = |argument, compare, name| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, number(name))
    };
    let families: &[libc::c_int] = match network {
        Network::None => &[libc::AF_UNIX],
        Network::Granted => &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK],
    };
    let others: Result<Vec<_>, _> =
        families.iter().map(|family| is(0, SeccompCmpOp::Ne, *family)).collect();
    let netlink = vec![
        is(0, SeccompCmpOp::Eq, libc::AF_NETLINK)?,
        is(2, SeccompCmpOp::Ne, libc::NETLINK_ROUTE)?,
    ];
    Ok(vec![SeccompRule::new(others?)?, SeccompRule::new(netlink)?])
}

/// On x86_64 every call has a second number, with bit 30 set, which some kernels answer too.
fn refuse_other_numbers(rules: &mut BTreeMap<i64, Vec<SeccompRule>>) {
    const X32: i64 = 0x4000_0000;
    if cfg!(target_arch = "x86_64") {
        let others: Vec<_> =
            rules.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
        rules.extend(others);
    }
}

fn rule(
    argument: u8,
    compare: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)?;
    SeccompRule::new(vec![condition])
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    errno: libc::c_int,
) -> Result<(), seccompiler::Error> {
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.cast_unsigned()),
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}
