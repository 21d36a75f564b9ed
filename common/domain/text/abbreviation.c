/* abbreviation.c -- abbreviations of English, German, French, Spanish and Italian. */
#include "abbreviation.h"

#include <ctype.h>

/* Each with how it is said. No word that ends sentences in another of the languages is an inner
 * one. */
static const struct {
	enum abbreviation kind;
	const char       *words;
} lists[] = {
	{ABBREVIATION_INNER, /* English */
     "mr=mister,mrs=missis,ms=miz,dr,st,prof=professor,mt=mount,vs=versus,"
     "approx=approximately,gen=general,sen=senator,rev=reverend,hon=honorable,"
     "capt=captain,e.g=for example,i.e=that is,cf=compare,viz=namely,dept=department,"
     "ft=feet,incl=including"},
	{ABBREVIATION_OUTER, /* English */
     "inc=incorporated,ltd=limited,co=company,corp=corporation,llc,jr=junior,"
     "sr=senior,etc=et cetera,ph.d=P H D,est,jan=January,feb=February,mar=March,"
     "apr=April,jun=June,jul=July,aug=August,sep=September,sept=September,"
     "oct=October,nov=November,dec=December,a.m=a m,p.m=p m"},
	{ABBREVIATION_COUNTED, /* English */
     "no=number,nos=numbers,fig=figure,ext=extension,rep=representative,vol=volume,"
     "ch=chapter,pp=pages,art=article,sec=section,max=maximum,min=minimum,"
     "tel=telephone"},
	{ABBREVIATION_INNER, /* German */
     "bzw=beziehungsweise,ca=circa,vgl=vergleiche,evtl=eventuell,ggf=gegebenenfalls,"
     "inkl=inklusive,exkl=exklusive,zzgl=zuzüglich,hr=Herr,fr=Frau,frl=Fräulein,"
     "dipl,sog=sogenannt,bspw=beispielsweise,z.b=zum Beispiel,d.h=das heißt,geb,"
     "z.zt=zur Zeit,i.d.r=in der Regel"},
	{ABBREVIATION_OUTER, /* German */
     "usw=und so weiter,u.a=unter anderem,mio=million,mrd=billion,std=Stunden,"
     "str=Straße,jh,okt=Oktober,dez=Dezember,mwst"},
	{ABBREVIATION_COUNTED, /* German */
     "nr=Nummer,abs=Absatz,kap=Kapitel"},
	{ABBREVIATION_INNER, /* French */
     "mme=Madame,mlle=Mademoiselle,c.-à-d=c'est à dire,p.ex=par exemple"},
	{ABBREVIATION_OUTER, /* French */
     "ex,av,bd,janv=janvier,févr=février,avr=avril,juill=juillet,déc=décembre"},
	{ABBREVIATION_COUNTED, /* French */
     "env=environ,tél=téléphone,chap=chapitre"},
	{ABBREVIATION_INNER, /* Spanish */
     "sra=señora,srta=señorita,dra=doctora,ej=ejemplo,p.ej=por ejemplo,"
     "aprox=aproximadamente,avda=avenida,dpto=departamento,depto=departamento,ee,lic,"
     "ing"},
	{ABBREVIATION_OUTER, /* Spanish */
     "ud=usted,uds=ustedes,uu,ene=enero,dic=diciembre"},
	{ABBREVIATION_COUNTED, /* Spanish */
     "pág=página,págs=páginas,núm=número,cap=capítulo"},
	{ABBREVIATION_INNER, /* Italian */
     "sig=signor,sigg=signori,dott=dottor,avv=avvocato,geom=geometra,egr=egregio,gent=gentile,"
     "spett=spettabile"},
	{ABBREVIATION_OUTER, /* Italian */
     "ecc=eccetera"},
	{ABBREVIATION_COUNTED, /* Italian; "es" ends sentences in German and Spanish */
     "pag=pagina,pagg=pagine,es=esempio"},
};

/* "U.S", "a.C", "i.d.R": letters with stops between them. */
static bool is_dotted(struct span word)
{
	if (word.len < 3 || word.len % 2 == 0)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (i % 2 ? word.ptr[i] != '.' : !isalpha((unsigned char)word.ptr[i]))
			return false;
	return true;
}

enum abbreviation abbreviation_of(struct span word, struct span *said_out)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		if (str_find_item(lists[i].words, word, said_out))
			return lists[i].kind;
	return is_dotted(word) ? ABBREVIATION_OUTER : ABBREVIATION_NONE;
}
