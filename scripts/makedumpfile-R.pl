#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# makedumpfile-R.pl DUMPFILE < FLATTENED
#
# What makedumpfile -R does, for a machine that has Perl and no makedumpfile:
# read a flattened dump from standard input and write the file it carries.
# An existing DUMPFILE is refused. Exit status 0 when the end record came.
#
# A flattened dump is a header of 4096 bytes (signature, type 1, version 1) and
# records: offset and size, big endian, then size bytes. A record of -1 and -1
# ends it; whatever follows that means nothing.

use strict;
use warnings;
use Fcntl qw(O_WRONLY O_CREAT O_EXCL SEEK_SET);
use IO::Handle;

use constant {
	SIGNATURE   => "makedumpfile\0\0\0\0",
	HEADER_SIZE => 4096,
	RECORD_HEAD => 16,
	PIECE       => 1 << 20,
	HALF        => 4294967296,
	LIMIT       => 2**53,    # what every Perl counts exactly; offsets are below it
};

my ($name) = @ARGV;

# Up to $size bytes; fewer at the end of the stream only.
sub take {
	my ($size) = @_;
	my $data = '';
	while (length($data) < $size) {
		my $got = sysread(STDIN, $data, $size - length($data), length($data));
		next if !defined($got) && $!{EINTR};
		die "STDIN: cannot read: $!\n" if !defined($got);
		last if !$got;
	}
	return $data;
}

sub check_header {
	my $start = take(length(SIGNATURE));
	die "STDIN: is no flattened dump\n" if $start ne SIGNATURE;
	my $rest = take(HEADER_SIZE - length(SIGNATURE));
	die "STDIN: ends inside its flattened header\n"
	    if length($rest) != HEADER_SIZE - length(SIGNATURE);
	die "STDIN: flattened header of an unknown type or version\n"
	    if substr($rest, 0, 16) ne pack('N4', 0, 1, 0, 1);
}

sub put {
	my ($out, $data) = @_;
	my $done = 0;
	while ($done < length($data)) {
		my $n = syswrite($out, $data, length($data) - $done, $done);
		next if !defined($n) && $!{EINTR};
		die "$name: cannot write: $!\n" if !defined($n);
		$done += $n;
	}
}

# The next head as (offset, size); nothing for the end record.
sub next_head {
	my ($count) = @_;
	my $head = take(RECORD_HEAD);
	die "STDIN: is cut off: it ends in record $count without an end record\n"
	    if length($head) != RECORD_HEAD;
	return () if $head eq "\xff" x RECORD_HEAD;
	my ($off_high, $off_low, $size_high, $size_low) = unpack('N4', $head);
	my ($off, $size) = ($off_high * HALF + $off_low, $size_high * HALF + $size_low);
	die "STDIN: record $count: offset and size make no sense\n"
	    if !$size || $off >= LIMIT || $size >= LIMIT;
	return ($off, $size);
}

sub copy_record {
	my ($out, $count, $off, $size) = @_;
	defined(sysseek($out, $off, SEEK_SET)) or die "$name: cannot go to offset $off: $!\n";
	while ($size > 0) {
		my $want = $size < PIECE ? $size : PIECE;
		my $data = take($want);
		put($out, $data);
		die "STDIN: is cut off: it ends in record $count without an end record\n"
		    if length($data) != $want;
		$size -= $want;
	}
}

# The mark of an incomplete dump, in the header of the file: (offset, 32-bit number with it).
sub find_mark {
	my ($front) = @_;
	if (substr($front, 0, 4) eq "\x7fELF") {
		my $at = ord(substr($front, 4, 1)) == 1 ? 36 : 48;
		my $code = ord(substr($front, 5, 1)) == 2 ? 'N' : 'V';
		return ($at, pack($code, unpack($code, substr($front, $at, 4)) | 1));
	}
	return () if substr($front, 0, 8) ne 'KDUMP   ';
	my $code = unpack('V', substr($front, 8, 4)) < 65536 ? 'V' : 'N';
	for my $at (424, 412, 420) {    # status: 64-bit machines, 32-bit ones, and these with a 64-bit time_t
		my ($status, $block, $sub_blocks, $bitmap_blocks) =
		    unpack("${code}4", substr($front, $at, 16));
		next if $block < 4096 || $block > 1048576 || $block & ($block - 1);
		next if !$sub_blocks || !$bitmap_blocks;
		return ($at, pack($code, $status | 8));
	}
	return ();
}

sub mark_incomplete {
	open(my $file, '+<', $name) or return 0;
	binmode($file);
	my $front = '';
	defined(sysread($file, $front, 512)) or return 0;
	my ($at, $bytes) = find_mark($front . "\0" x 512);
	return 0 if !defined($at);
	return 0 if !defined(sysseek($file, $at, SEEK_SET));
	return (syswrite($file, $bytes) // 0) == 4 && close($file);
}

sub rearrange {
	my ($out) = @_;
	my $count = 0;
	while (my ($off, $size) = next_head(++$count)) {
		copy_record($out, $count, $off, $size);
	}
	die "STDIN: is a flattened dump of nothing\n" if $count == 1;
	$out->sync or die "$name: cannot bring it to the device: $!\n";
	close($out) or die "$name: cannot close it: $!\n";
}

sub main {
	die "Usage: $0 DUMPFILE < FLATTENED\n" if @ARGV != 1;
	binmode(STDIN);
	die "$name: cannot create: File exists\n" if -e $name || -l $name;
	check_header();
	sysopen(my $out, $name, O_WRONLY | O_CREAT | O_EXCL, 0600)
	    or die "$name: cannot create: $!\n";
	return if eval { rearrange($out); 1 };
	my $why = $@;
	if (-z $name) {
		unlink($name);
		die $why;
	}
	die "$name: has what arrived ",
	    (mark_incomplete() ? "and is marked incomplete: " : "but could not be marked incomplete: "),
	    $why;
}

if (!eval { main(); 1 }) {
	print STDERR "makedumpfile-R.pl: $@";
	exit(1);
}
print "\nThe dumpfile is saved to $name.\n";
