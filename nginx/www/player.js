/* player.js -- the pieces of a reply one after the other without a gap.
 *
 * The parts of one piece are one MP3 (44.1 kHz, no bit reservoir), so a run of frames decodes to
 * the same samples as in the whole if one frame stands before it, whose own samples are left out:
 * that is how a piece begins to sound before all of it is here. Everything is placed on the clock
 * of one AudioContext of that rate in whole samples: where one run ends the next begins. */

const RATE = 44100;
const FRAME = 1152; /* samples of one */
const DELAY = 1105; /* of an encoder and a decoder, where a voice does not tell its own */
const RUN_FRAMES = 12; /* 0.3 s: fewer are not worth a decoder */
const LEAD_S = 0.05; /* from now to the first sample */
const FADE_S = 0.015;
const ASLEEP_MS = 250; /* between two looks at a context that does not run yet */
const LETTER_S = 0.065; /* about how long a voice takes for one, while not all of a piece is here */

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

const BIT_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/* How long the MPEG 1 layer III frame at `at` is; 0: there is none. */
const frameBytes = (bytes, at) => {
	if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xfa) return 0;
	const kbit = BIT_RATES[bytes[at + 2] >> 4];
	if (!kbit || (bytes[at + 2] >> 2) & 3) return 0;
	return Math.floor((144 * kbit * 1000) / RATE) + ((bytes[at + 2] >> 1) & 1);
};

/* Where each whole frame begins, and where the last one ends. */
const framesOf = (bytes) => {
	const starts = [0];
	for (let n; (n = frameBytes(bytes, starts.at(-1))); ) {
		if (starts.at(-1) + n > bytes.length) break;
		starts.push(starts.at(-1) + n);
	}
	return starts;
};

const joined = (pieces) => {
	const all = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
};

export class Player {
	/* What was placed: {seq, text, start, end} in samples of the context's clock, `late` where it
	 * came after the one before had ended. */
	schedule = [];
	#context = null;
	#gain = null;
	#end = 0; /* where the next sample goes */
	#sources = new Set();
	#pieces = new Map();
	#work = Promise.resolve();
	#round = 0; /* what was decoded for an earlier one is not played */
	#paused = false;
	#onIdle = () => {};
	#observer = {};

	/** Call it when somebody presses something: browsers allow sound from then on. */
	wake() {
		if (!this.#context) {
			this.#context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
			this.#gain = this.#context.createGain();
			this.#gain.connect(this.#context.destination);
		}
		if (!this.#paused && this.#context.state === 'suspended') this.#context.resume();
	}

	set onIdle(callback) {
		this.#onIdle = callback;
	}

	/** What becomes of replies: onFirstHeard(at) when the first sound of one is heard, in
	 * performance.now(); onStall(ms) where one was silent for so long, its next sound not being here;
	 * onUnplayable(). */
	set observer(callbacks) {
		this.#observer = callbacks;
	}

	/** Something is still to be heard, paused or not. */
	get isPlaying() {
		return this.#sources.size > 0;
	}

	/** So much of what is here is still to be heard. */
	get leftMs() {
		return Math.max(0, ((this.#end - this.#now()) * 1000) / RATE);
	}

	/** From 0 to 1. */
	get volume() {
		return this.#gain?.gain.value ?? 1;
	}

	/** Silenced by pause(), whether there was anything to hear or not. */
	get isPaused() {
		return this.#paused;
	}

	/** An `audio` event, in order. Whole pieces without frames of ours are played as they are. */
	add({ seq, is_last, audio_base64, text, delay_samples, padding_samples }) {
		const round = this.#round;
		const bytes = bytesOf(audio_base64);
		this.#work = this.#work
			.then(() => {
				if (round !== this.#round) return null;
				const piece = this.#pieceOf(seq);
				if (text !== undefined) piece.text = text;
				if (delay_samples !== undefined) piece.delay = delay_samples;
				piece.bytes.push(bytes);
				return this.#take(piece, is_last, padding_samples ?? 0);
			})
			.catch((error) => {
				console.warn('a piece can not be played', error);
				this.#observer.onUnplayable?.();
			});
		return this.#work;
	}

	/** When all that was added is placed. */
	settled() {
		return this.#work;
	}

	#pieceOf(seq) {
		if (!this.#pieces.has(seq))
			this.#pieces.set(seq, { seq, text: '', bytes: [], before: null, delay: DELAY });
		return this.#pieces.get(seq);
	}

	/* Decodes what is here of a piece, if it is enough. */
	async #take(piece, isLast, padding) {
		const round = this.#round;
		const bytes = joined(piece.bytes);
		const starts = framesOf(bytes);
		const isFrames = starts.at(-1) === bytes.length || piece.before;
		if (!isLast && (!isFrames || starts.length - 1 < RUN_FRAMES)) return;
		const run = isLast ? bytes : bytes.subarray(0, starts.at(-1));
		piece.bytes = isLast ? [] : [bytes.subarray(starts.at(-1))];
		if (run.length === 0) {
			piece.isWhole = isLast;
			return;
		}
		const overlap = piece.before ? FRAME : 0;
		const mp3 = piece.before ? joined([piece.before, run]) : run;
		const left = overlap + (piece.before ? 0 : piece.delay);
		piece.before = starts.length > 1 ? run.slice(starts.at(-2), starts.at(-1)) : null;
		this.wake();
		const sound = await this.#context.decodeAudioData(mp3.slice().buffer);
		if (round !== this.#round) return;
		this.#place(piece, sound, left, sound.length - (isLast ? padding : 0));
		piece.isWhole = isLast;
	}

	#place(piece, sound, from, to) {
		if (to <= from) return;
		const soon = Math.ceil((this.#context.currentTime + LEAD_S) * RATE);
		const isFirst = this.schedule.length === 0;
		const isLate = this.#end < soon && this.#sources.size === 0;
		const start = isLate ? soon : this.#end;
		if (isFirst) this.#awaitFirst(start);
		else if (isLate) this.#observer.onStall?.(((start - this.#end) * 1000) / RATE);
		const source = this.#context.createBufferSource();
		source.buffer = sound;
		source.connect(this.#gain);
		source.start(start / RATE, from / RATE, (to - from) / RATE);
		source.onended = () => this.#ended(source);
		this.#sources.add(source);
		this.#end = start + (to - from);
		const { seq, text } = piece;
		this.schedule.push({ seq, text, start, end: this.#end, late: isLate && !isFirst });
	}

	/* The context may not run yet, and the reply be stopped before it is heard: so it is looked at
	 * when it should be, and what is heard then tells since when. One that waits for who speaks into
	 * it tells nothing of us. */
	#awaitFirst(start) {
		const round = this.#round;
		const look = () => {
			if (round !== this.#round || this.#paused) return;
			const leftMs = ((start - this.#now()) * 1000) / RATE;
			if (leftMs <= 0) this.#observer.onFirstHeard?.(performance.now() + leftMs);
			else setTimeout(look, this.#context.state === 'running' ? leftMs : ASLEEP_MS);
		};
		look();
	}

	#ended(source) {
		if (this.#sources.delete(source) && this.#sources.size === 0) this.#onIdle();
	}

	/* The sample that is heard now: the device is behind the clock. */
	#now() {
		if (!this.#context) return 0;
		return (this.#context.currentTime - (this.#context.outputLatency || 0)) * RATE;
	}

	/** {ms, pieces: [{text, ms}]}: how much was heard, and when each piece ends: where not all of its
	 * sound is here yet, when its text is likely to. */
	heard() {
		const now = this.#now();
		const pieces = [];
		let samples = 0;
		for (const { seq, text, start, end } of this.schedule) {
			samples += Math.max(0, Math.min(now, end) - start);
			if (pieces.at(-1)?.seq !== seq) pieces.push({ seq, text, samples: 0 });
			pieces.at(-1).samples += end - start;
		}
		let ms = 0;
		for (const piece of pieces) piece.ms = ms += this.#lengthOf(piece);
		return {
			ms: Math.round((samples * 1000) / RATE),
			pieces: pieces.map(({ text, ms }) => ({ text, ms })),
		};
	}

	/* In milliseconds, as the server counts them. */
	#lengthOf({ seq, text, samples }) {
		const isWhole = this.#pieces.get(seq)?.isWhole;
		const likely = isWhole ? samples : Math.max(samples, text.length * LETTER_S * RATE);
		return Math.floor((likely * 1000) / RATE);
	}

	/** Silence at once; resume() goes on where it fell silent. */
	async pause() {
		if (this.#paused || !this.#context) return;
		this.#paused = true;
		this.#gain.gain.setTargetAtTime(0, this.#context.currentTime, FADE_S / 3);
		await new Promise((resolve) => setTimeout(resolve, FADE_S * 1000));
		if (this.#paused) await this.#context.suspend();
	}

	async resume() {
		if (!this.#paused) return;
		this.#paused = false;
		this.#gain.gain.cancelScheduledValues(0);
		this.#gain.gain.setTargetAtTime(1, this.#context.currentTime, FADE_S / 3);
		await this.#context.resume();
	}

	/** Ends all of it at once; what heard() told just before. */
	stop() {
		const heard = this.heard();
		this.#round++;
		this.#fall();
		this.#pieces.clear();
		this.schedule = [];
		this.#end = 0;
		return heard;
	}

	/* In a moment too short to be heard as sound, and too long to be heard as a click. */
	#fall() {
		if (!this.#context) return;
		const now = this.#context.currentTime;
		this.#gain.gain.cancelScheduledValues(0);
		this.#gain.gain.setTargetAtTime(0, now, FADE_S / 3);
		this.#gain.gain.setValueAtTime(1, now + FADE_S);
		for (const source of this.#sources) {
			source.onended = null;
			source.stop(now + FADE_S);
		}
		this.#sources.clear();
		this.#paused = false;
		this.#context.resume();
	}
}
