/* capture.js -- in the audio thread: hands over what the microphone hears, 20 ms at a time. */
class Capture extends AudioWorkletProcessor {
	#block = new Float32Array(Math.round(sampleRate / 50));
	#n = 0;

	process([[input]]) {
		if (!input) return true;
		for (const sample of input) {
			this.#block[this.#n++] = sample;
			if (this.#n < this.#block.length) continue;
			this.port.postMessage(this.#block);
			this.#n = 0;
		}
		return true;
	}
}

registerProcessor('capture', Capture);
