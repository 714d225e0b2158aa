# Tries every way out that a program can ask the kernel for, and says which were reached.
# No module is used: inside the sandbox there is the interpreter alone.
$| = 1;
sub told { print $_[0], $_[1] ? " reached\n" : " refused\n" }

# Descriptors that somebody forgot to close: looked for before this program opens its own.
my @open = grep { open(my $file, "+<&=", $_) } 3 .. 1023;
told("inherited:@open", scalar @open);

# Family, type, protocol.
my @sockets = (
  ["tcp4", 2, 1, 6], ["tcp6", 10, 1, 6], ["udp4", 2, 2, 17], ["udp6", 10, 2, 17],
  ["mptcp4", 2, 1, 262], ["sctp4", 2, 1, 132], ["sctp6", 10, 1, 132], ["udplite4", 2, 2, 136],
  ["ping4", 2, 2, 1], ["ping6", 10, 2, 58],
  ["raw4-icmp", 2, 3, 1], ["raw4-tcp", 2, 3, 6], ["raw4-any", 2, 3, 255],
  ["raw6-icmp", 10, 3, 58], ["raw6-any", 10, 3, 255],
  ["packet-raw", 17, 3, 768], ["packet-datagram", 17, 2, 768],
  ["netlink-route", 16, 3, 0], ["netlink-diag", 16, 3, 4], ["netlink-netfilter", 16, 3, 12],
  ["netlink-uevent", 16, 3, 15], ["netlink-generic", 16, 3, 16], ["netlink-audit", 16, 3, 9],
  ["vsock", 40, 1, 0], ["crypto", 38, 5, 0], ["key", 15, 3, 2], ["bluetooth", 31, 3, 1],
  ["can", 29, 3, 1], ["tipc", 30, 5, 0], ["rxrpc", 33, 2, 2], ["xdp", 44, 3, 0],
);
for (@sockets) {
  my ($name, @kind) = @$_;
  told("socket:$name", socket(my $socket, $kind[0], $kind[1], $kind[2]));
}
# A socket asked for by flags in the type, and by a family with bits above the kernel's own int.
told("socket:tcp4-cloexec", socket(my $flagged, 2, 1 | 02000000, 6));
if ($ARGV[0] eq "x86_64") {
  told("call:socket-high-bits", syscall(41, 2 + (1 << 32), 1, 6) >= 0);
  told("call:socket-x32", syscall(0x40000000 + 41, 2, 1, 6) >= 0);
  told("call:io_uring", syscall(425, 1, 0) >= 0);
  told("call:unshare-net", syscall(272, 0x40000000) >= 0);
  told("call:unshare-user-x32", syscall(0x40000000 + 272, 0x10000000) >= 0);
  told("call:pidfd_getfd", syscall(438, 0, 0, 0) >= 0);
}
for my $path ("/proc/net/raw", "/proc/net/packet", "/dev/net/tun", "/dev/vhost-net") {
  told("write:$path", open(my $file, "+<", $path));
}
# The same of the sandbox's first process.
my @first = grep { open(my $file, "+<", "/proc/1/fd/$_") || open(my $only, "<", "/proc/1/fd/$_") } 3 .. 255;
told("inherited-by-the-first:@first", scalar @first);
# What must go on working, or nothing was proved.
told("control:pair", socketpair(my $one, my $other, 1, 1, 0));
