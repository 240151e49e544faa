#include "container/device_filter.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

/* Major and minor number; ANY minor number. */
enum { ANY = -1 };
static const int32_t USUAL[][2] = {{1, 3},     {1, 5},     {1, 7},     {1, 8},     {1, 9},     {5, 0},     {5, 2},    {136, ANY},
                                   {137, ANY}, {138, ANY}, {139, ANY}, {140, ANY}, {141, ANY}, {142, ANY}, {143, ANY}};

enum { DEVICES = sizeof USUAL / sizeof *USUAL, LONGEST = 16 + 4 * DEVICES, DENY = 0, ALLOW = 1 };

/* A program under construction. Register 1 is the context, 2 the access, 3 the kind, 4 major and 5 minor number. */
struct program {
  struct bpf_insn code[LONGEST];
  uint32_t size;
};

static void put(struct program *program, uint8_t code, uint8_t to, int16_t offset, int32_t value) {
  program->code[program->size++] = (struct bpf_insn){.code = code, .dst_reg = to, .off = offset, .imm = value};
}

static void load(struct program *program, uint8_t to, size_t field) {
  put(program, BPF_LDX | BPF_MEM | BPF_W, to, (int16_t)field, 0);
  program->code[program->size - 1].src_reg = BPF_REG_1;
}

/* Skips so many instructions where a register is another value. */
static void unless(struct program *program, uint8_t reg, int32_t value, int16_t skipped) {
  put(program, BPF_JMP | BPF_JNE | BPF_K, reg, skipped, value);
}

static void answer(struct program *program, int32_t value) {
  put(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, value);
  put(program, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static void compose(struct program *program) {
  load(program, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  load(program, BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  load(program, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
  load(program, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
  /* (access << 16) | kind */
  put(program, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_2, 0, 16);
  put(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0xffff);
  unless(program, BPF_REG_2, BPF_DEVCG_ACC_MKNOD, 2);
  answer(program, ALLOW);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 2, BPF_DEVCG_DEV_CHAR);
  answer(program, DENY);
  for (size_t i = 0; i < DEVICES; i++) {
    bool any = USUAL[i][1] == ANY;
    unless(program, BPF_REG_4, USUAL[i][0], any ? 2 : 3);
    if (!any) unless(program, BPF_REG_5, USUAL[i][1], 2);
    answer(program, ALLOW);
  }
  answer(program, DENY);
}

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int filter_devices(int group) {
  struct program program = {.size = 0};
  union bpf_attr load_it, attach_it;
  compose(&program);
  memset(&load_it, 0, sizeof load_it);
  load_it.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load_it.insns = (uintptr_t)program.code;
  load_it.insn_cnt = program.size;
  load_it.license = (uintptr_t) "";
  cleanup_close int loaded = bpf(BPF_PROG_LOAD, &load_it);
  if (loaded < 0) return -1;
  memset(&attach_it, 0, sizeof attach_it);
  attach_it.target_fd = (uint32_t)group;
  attach_it.attach_bpf_fd = (uint32_t)loaded;
  attach_it.attach_type = BPF_CGROUP_DEVICE;
  /* Beside those of the groups above, which hold as well. */
  attach_it.attach_flags = BPF_F_ALLOW_MULTI;
  return bpf(BPF_PROG_ATTACH, &attach_it);
}
