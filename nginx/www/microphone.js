/* microphone.js -- records what is spoken as WAV (PCM16, mono, 16 kHz), and tells when somebody
 * speaks while a reply plays: louder than the noise of the room for some time. */

const RATE = 16000; /* what recognisers hear */
const BLOCK_MS = 20;
const PRE_ROLL = 25; /* blocks from before it was noticed: the first syllable is in them */
const LONGEST_MS = 115_000; /* the server takes 120 s */
const SPEAKING_BLOCKS = 8; /* of the newest ten */
const SILENT_BLOCKS = 35; /* then what was said is over */
const CLICK_BLOCKS = 5; /* a click among them counts as so many */
const OVER_NOISE = 4; /* times its amplitude */
const LEAST = 0.012; /* nothing below it is speech */

const levelOf = (block) => Math.sqrt(block.reduce((sum, x) => sum + x * x, 0) / block.length);

const joined = (blocks) => {
	const all = new Float32Array(blocks.reduce((n, block) => n + block.length, 0));
	let at = 0;
	for (const block of blocks) {
		all.set(block, at);
		at += block.length;
	}
	return all;
};

/* The browser's own resampler. */
const resampled = async (samples, rate) => {
	const length = Math.max(1, Math.ceil((samples.length * RATE) / rate));
	const offline = new OfflineAudioContext(1, length, RATE);
	const source = offline.createBufferSource();
	source.buffer = offline.createBuffer(1, Math.max(1, samples.length), rate);
	source.buffer.copyToChannel(samples, 0);
	source.connect(offline.destination);
	source.start();
	return (await offline.startRendering()).getChannelData(0);
};

const wavOf = (samples) => {
	const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
	const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
	word(0, 'RIFF');
	view.setUint32(4, 36 + samples.length * 2, true);
	word(8, 'WAVEfmt ');
	view.setUint32(16, 16, true);
	view.setUint16(20, 1, true);
	view.setUint16(22, 1, true);
	view.setUint32(24, RATE, true);
	view.setUint32(28, RATE * 2, true);
	view.setUint16(32, 2, true);
	view.setUint16(34, 16, true);
	word(36, 'data');
	view.setUint32(40, samples.length * 2, true);
	samples.forEach((x, i) =>
		view.setInt16(44 + i * 2, Math.max(-1, Math.min(1, x)) * 32767, true),
	);
	return new Blob([view.buffer], { type: 'audio/wav' });
};

/* Tells speech from the noise of the room, block by block. */
export class SpeechGate {
	#noise = LEAST / OVER_NOISE;
	#loud = [];

	/** True while somebody speaks. */
	hear(level) {
		const isLoud = level > Math.max(LEAST, this.#noise * OVER_NOISE);
		/* It falls at once and rises slowly, and less so while somebody speaks. */
		const pace = level < this.#noise ? 0.3 : isLoud ? 0.002 : 0.05;
		this.#noise += (level - this.#noise) * pace;
		this.#loud = [...this.#loud.slice(-9), isLoud];
		return this.#loud.filter(Boolean).length >= SPEAKING_BLOCKS;
	}

	get wasLoud() {
		return this.#loud.at(-1) ?? false;
	}

	forget() {
		this.#loud = [];
	}
}

export class Microphone {
	/* Somebody began to speak while it listened; ended again, with what they said. */
	onSpeech = () => {};
	onSpoken = () => {};
	/* A recording became too long and ended by itself. */
	onFull = () => {};
	#stream = null;
	#context = null;
	#gate = new SpeechGate();
	#before = [];
	#blocks = null; /* what is being recorded */
	#isListening = false;
	#isSpoken = false; /* the recording began by itself and ends so */
	#quiet = 0;

	static get isPossible() {
		return Boolean(navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode);
	}

	get isOpen() {
		return Boolean(this.#stream);
	}

	get isRecording() {
		return Boolean(this.#blocks);
	}

	/** Asks for the microphone, if it is not open yet. */
	async open() {
		if (this.#stream?.getAudioTracks().some((track) => track.readyState === 'live')) return;
		this.close();
		const stream = await navigator.mediaDevices.getUserMedia({
			audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
		});
		const context = new AudioContext();
		await context.audioWorklet.addModule('/capture.js');
		const node = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
		node.port.onmessage = ({ data }) => this.#hear(data);
		context.createMediaStreamSource(stream).connect(node);
		this.#stream = stream;
		this.#context = context;
		this.#mute();
	}

	close() {
		for (const track of this.#stream?.getTracks() ?? []) track.stop();
		this.#context?.close();
		this.#stream = this.#context = this.#blocks = null;
		this.#isListening = this.#isSpoken = false;
	}

	/* Nothing is taken from it but while something is recorded or listened for. */
	#mute() {
		const isNeeded = this.#isListening || this.isRecording;
		for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = isNeeded;
		if (isNeeded) this.#context?.resume();
		else this.#before = [];
	}

	/** From now on somebody who speaks is noticed; or no more. */
	listen(isOn) {
		if (!this.isOpen || this.#isListening === isOn) return;
		this.#isListening = isOn;
		this.#gate.forget();
		this.#mute();
	}

	record() {
		this.#isSpoken = false;
		this.#blocks = [];
		this.#mute();
	}

	/** The recording as WAV, and how long it is. */
	async end() {
		const blocks = this.#blocks ?? [];
		const rate = this.#context?.sampleRate ?? RATE;
		this.#blocks = null;
		this.#isSpoken = false;
		this.#mute();
		const samples = joined(blocks);
		const ms = Math.round((samples.length * 1000) / rate);
		return { ms, wav: wavOf(await resampled(samples, rate)) };
	}

	#hear(block) {
		const isSpeaking = this.#gate.hear(levelOf(block));
		if (this.#blocks) return this.#keep(block);
		this.#before = [...this.#before.slice(1 - PRE_ROLL), block];
		if (!this.#isListening || !isSpeaking) return null;
		this.#blocks = this.#before;
		this.#before = [];
		this.#isSpoken = true;
		this.#quiet = 0;
		return this.onSpeech();
	}

	async #keep(block) {
		this.#blocks.push(block);
		this.#quiet = Math.max(0, this.#quiet + (this.#gate.wasLoud ? -CLICK_BLOCKS : 1));
		const isFull = this.#blocks.length * BLOCK_MS >= LONGEST_MS;
		if (!isFull && !(this.#isSpoken && this.#quiet >= SILENT_BLOCKS)) return;
		if (this.#isSpoken) this.onSpoken(await this.end());
		else this.onFull();
	}
}
