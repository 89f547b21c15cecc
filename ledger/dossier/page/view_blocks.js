// Files as the verifier reads them: in blocks, the newest of which are kept, since it asks for many small pieces, and for most of them twice.

const BLOCK = 1 << 22, KEPT_AT_MOST = 1 << 27;

// `heard` is told how many bytes were read from the disk.
class Blocks {
  constructor(heard) {
    Object.assign(this, { heard, kept: new Map(), bytes: 0, files: 0 });
  }

  // What stands for a file: its size, and slice(from, to).arrayBuffer().
  of(blob) {
    const number = this.files++;
    return { size: blob.size, slice: (from, to) => ({ arrayBuffer: () => this.read(blob, number, from, Math.min(to, blob.size)) }) };
  }

  async read(blob, number, from, to) {
    const whole = new Uint8Array(to - from);
    for (let at = from; at < to; ) {
      const start = at - (at % BLOCK), block = await this.block(blob, number, start);
      whole.set(block.subarray(at - start, to - start), at - from);
      at = start + BLOCK;
    }
    return whole.buffer;
  }

  async block(blob, number, start) {
    const key = `${number} ${start}`;
    if (this.kept.has(key)) return this.kept.get(key);
    const block = new Uint8Array(await blob.slice(start, start + BLOCK).arrayBuffer());
    this.heard(block.length);
    this.kept.set(key, block);
    this.bytes += block.length;
    for (const [oldest, one] of this.kept) {
      if (this.bytes <= KEPT_AT_MOST) break;
      this.kept.delete(oldest);
      this.bytes -= one.length;
    }
    return block;
  }
}
