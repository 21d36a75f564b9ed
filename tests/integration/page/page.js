/* A page as the frontend is one: supabase-js, the microphone, an audio element. The address and
 * the key of the backend come in its own address (#url=…&key=…). */
const given = new URLSearchParams(location.hash.slice(1));
const client = supabase.createClient(given.get('url'), given.get('key'), {
	auth: { persistSession: false, autoRefreshToken: false },
});

const show = (id, text) => {
	document.getElementById(id).textContent = text;
};

/* The answer of a function; its error with what the server said of it. */
const invoke = async (name, body) => {
	const { data, error } = await client.functions.invoke(name, { body });
	if (!error) return data;
	const answer = error.context instanceof Response ? await error.context.text() : '';
	throw new Error(`${name}: ${error.name} ${error.message} ${answer}`);
};

const recordFor = async (ms) => {
	const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
	const recorder = new MediaRecorder(stream, { mimeType: 'audio/webm;codecs=opus' });
	const pieces = [];
	recorder.ondataavailable = ({ data }) => pieces.push(data);
	const stopped = new Promise((resolve) => (recorder.onstop = resolve));
	recorder.start();
	setTimeout(() => recorder.stop(), ms);
	await stopped;
	for (const track of stream.getTracks()) track.stop();
	return new Blob(pieces, { type: recorder.mimeType });
};

const base64Of = (blob) =>
	new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
		reader.onerror = () => reject(reader.error);
		reader.readAsDataURL(blob);
	});

/* Plays to the end: how long it says it is, and how much of it was played. */
const play = (base64, type) =>
	new Promise((resolve, reject) => {
		const player = document.getElementById('player');
		player.onended = () => resolve({ duration: player.duration, played: player.currentTime });
		player.onerror = () => reject(new Error(`it can not be played: ${player.error.message}`));
		player.src = `data:${type};base64,${base64}`;
		player.play().catch(reject);
	});

/* One spoken turn; resolves with all that a test may want to know of it. */
const converse = async (ms) => {
	const session = await invoke('create_session', { consent: true });
	const { session_id, session_secret } = session;
	const pair = { session_id, session_secret };
	const recording = await recordFor(ms);
	const audio_base64 = await base64Of(recording);
	const heard = await invoke('speech_to_text', { ...pair, audio_base64 });
	show('heard', heard.text);
	const answered = await invoke('agent_reply', { ...pair, user_message: heard.text });
	show('answered', answered.text);
	const reply = await play(answered.audio_base64, 'audio/mpeg');
	show('played', `${reply.played.toFixed(1)} of ${reply.duration.toFixed(1)} s`);
	return { session_id, type: recording.type, heard, answered, reply };
};

const sayAloud = async (text, format) => {
	const spoken = await invoke('text_to_speech', { text, format });
	const type = format === 'wav' ? 'audio/wav' : 'audio/mpeg';
	return { provider: spoken.provider, ...(await play(spoken.audio_base64, type)) };
};
