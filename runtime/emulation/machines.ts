/** What the kernel goes by when it starts a program for an architecture (elf.h), and a program for it that exits with 0. */
export interface Machine {
  /** e_machine. */
  readonly number: number;
  readonly bits: 32 | 64;
  readonly bigEndian?: boolean;
  /** e_flags, where the kernel looks at them. */
  readonly flags?: number;
  /** exit(0), in hexadecimal. */
  readonly exit: string;
  /** Debian's name of qemu for it. */
  readonly qemu: string;
}

/** By the architecture's name in a platform. */
export const MACHINES: Readonly<Record<string, Machine | undefined>> = {
  amd64: { number: 62, bits: 64, exit: "b83c00000031ff0f05", qemu: "x86_64" },
  "386": { number: 3, bits: 32, exit: "b80100000031dbcd80", qemu: "i386" },
  arm64: { number: 183, bits: 64, exit: "000080d2a80b80d2010000d4", qemu: "aarch64" },
  arm: { number: 40, bits: 32, flags: 0x05000000, exit: "0170a0e30000a0e3000000ef", qemu: "arm" },
  riscv64: { number: 243, bits: 64, flags: 5, exit: "9308d0051305000073000000", qemu: "riscv64" },
  ppc64le: { number: 21, bits: 64, flags: 2, exit: "010000380000603802000044", qemu: "ppc64le" },
  s390x: { number: 22, bits: 64, bigEndian: true, exit: "a72800000a01", qemu: "s390x" },
  mips64le: { number: 8, bits: 64, flags: 0x80000007, exit: "c2130224000004240c000000", qemu: "mips64el" },
  loong64: { number: 258, bits: 64, flags: 0x43, exit: "0b74c1020400c00200002b00", qemu: "loongarch64" },
};

const PAGE = 0x10000;
const BASE = 0x10000;

/** A static program that runs `code` (hexadecimal): one segment that is read and executed. */
export function elfProgram(machine: Machine, code: string): Buffer {
  const text = Buffer.from(code, "hex");
  const wide = machine.bits === 64;
  const [header, segment] = wide ? [64, 56] : [52, 32];
  const file = Buffer.alloc(header + segment + text.length);
  text.copy(file, header + segment);
  const short = (value: number, at: number): void =>
    void (machine.bigEndian === true ? file.writeUInt16BE(value, at) : file.writeUInt16LE(value, at));
  const word = (value: number, at: number): void =>
    void (machine.bigEndian === true ? file.writeUInt32BE(value, at) : file.writeUInt32LE(value, at));
  /** An address, an offset or a size. */
  const long = (value: number, at: number): void =>
    word(value, at + (wide && machine.bigEndian === true ? 4 : 0));
  const step = wide ? 8 : 4;

  Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, machine.bigEndian === true ? 2 : 1, 1]).copy(file);
  short(2, 16);
  short(machine.number, 18);
  word(1, 20);
  long(BASE + header + segment, 24);
  long(header, 24 + step);
  word(machine.flags ?? 0, 24 + 3 * step);
  for (const [index, value] of [header, segment, 1].entries()) short(value, 28 + 3 * step + 2 * index);

  word(1, header);
  if (wide) word(5, header + 4);
  const first = header + (wide ? 8 : 4);
  const sizes = [0, BASE, BASE, file.length, file.length];
  for (const [index, value] of sizes.entries()) long(value, first + index * step);
  if (wide) long(PAGE, first + 5 * step);
  else {
    word(5, first + 5 * step);
    word(PAGE, first + 6 * step);
  }
  return file;
}
