// Countries and currencies for CE: ISO 3166 codes and the currency of each, as ICU 72 (CLDR 42) has them; their names and
// symbols come from the ICU that V8 is linked with.
(function (Intl) {
  'use strict';

  const { apply } = Reflect;
  const { toLowerCase, normalize, replace, trim, slice, split } = String.prototype;

  // Two letters, three letters, currency (Antarctica has none).
  const table = `
    ADANDEUR AEAREAED AFAFGAFN AGATGXCD AIAIAXCD ALALBALL AMARMAMD AOAGOAOA AQATAXXX ARARGARS ASASMUSD ATAUTEUR
    AUAUSAUD AWABWAWG AXALAEUR AZAZEAZN BABIHBAM BBBRBBBD BDBGDBDT BEBELEUR BFBFAXOF BGBGRBGN BHBHRBHD BIBDIBIF
    BJBENXOF BLBLMEUR BMBMUBMD BNBRNBND BOBOLBOB BQBESUSD BRBRABRL BSBHSBSD BTBTNBTN BVBVTNOK BWBWABWP BYBLRBYN
    BZBLZBZD CACANCAD CCCCKAUD CDCODCDF CFCAFXAF CGCOGXAF CHCHECHF CICIVXOF CKCOKNZD CLCHLCLP CMCMRXAF CNCHNCNY
    COCOLCOP CRCRICRC CUCUBCUP CVCPVCVE CWCUWANG CXCXRAUD CYCYPEUR CZCZECZK DEDEUEUR DGDGAUSD DJDJIDJF DKDNKDKK
    DMDMAXCD DODOMDOP DZDZADZD EAXEAEUR ECECUUSD EEESTEUR EGEGYEGP EHESHMAD ERERIERN ESESPEUR ETETHETB FIFINEUR
    FJFJIFJD FKFLKFKP FMFSMUSD FOFRODKK FRFRAEUR GAGABXAF GBGBRGBP GDGRDXCD GEGEOGEL GFGUFEUR GGGGYGBP GHGHAGHS
    GIGIBGIP GLGRLDKK GMGMBGMD GNGINGNF GPGLPEUR GQGNQXAF GRGRCEUR GSSGSGBP GTGTMGTQ GUGUMUSD GWGNBXOF GYGUYGYD
    HKHKGHKD HMHMDAUD HNHNDHNL HRHRVEUR HTHTIHTG HUHUNHUF ICXICEUR IDIDNIDR IEIRLEUR ILISRILS IMIMNGBP ININDINR
    IOIOTUSD IQIRQIQD IRIRNIRR ISISLISK ITITAEUR JEJEYGBP JMJAMJMD JOJORJOD JPJPNJPY KEKENKES KGKGZKGS KHKHMKHR
    KIKIRAUD KMCOMKMF KNKNAXCD KPPRKKPW KRKORKRW KWKWTKWD KYCYMKYD KZKAZKZT LALAOLAK LBLBNLBP LCLCAXCD LILIECHF
    LKLKALKR LRLBRLRD LSLSOZAR LTLTUEUR LULUXEUR LVLVAEUR LYLBYLYD MAMARMAD MCMCOEUR MDMDAMDL MEMNEEUR MFMAFEUR
    MGMDGMGA MHMHLUSD MKMKDMKD MLMLIXOF MMMMRMMK MNMNGMNT MOMACMOP MPMNPUSD MQMTQEUR MRMRTMRU MSMSRXCD MTMLTEUR
    MUMUSMUR MVMDVMVR MWMWIMWK MXMEXMXN MYMYSMYR MZMOZMZN NANAMNAD NCNCLXPF NENERXOF NFNFKAUD NGNGANGN NINICNIO
    NLNLDEUR NONORNOK NPNPLNPR NRNRUAUD NUNIUNZD NZNZLNZD OMOMNOMR PAPANPAB PEPERPEN PFPYFXPF PGPNGPGK PHPHLPHP
    PKPAKPKR PLPOLPLN PMSPMEUR PNPCNNZD PRPRIUSD PSPSEILS PTPRTEUR PWPLWUSD PYPRYPYG QAQATQAR REREUEUR ROROURON
    RSSRBRSD RURUSRUB RWRWARWF SASAUSAR SBSLBSBD SCSYCSCR SDSDNSDG SESWESEK SGSGPSGD SHSHNSHP SISVNEUR SJSJMNOK
    SKSVKEUR SLSLESLE SMSMREUR SNSENXOF SOSOMSOS SRSURSRD SSSSDSSP STSTPSTN SVSLVUSD SXSXMANG SYSYRSYP SZSWZSZL
    TCTCAUSD TDTCDXAF TFATFEUR TGTGOXOF THTHATHB TJTJKTJS TKTKLNZD TLTLSUSD TMTKMTMT TNTUNTND TOTONTOP TRTURTRY
    TTTTOTTD TVTUVAUD TWTWNTWD TZTZATZS UAUKRUAH UGUGAUGX UMUMIUSD USUSAUSD UYURYUYU UZUZBUZS VAVATEUR VCVCTXCD
    VEVENVES VGVGBUSD VIVIRUSD VNVNMVND VUVUTVUV WFWLFXPF WSWSMWST XKXKKEUR YEYEMYER YTMYTEUR ZAZAFZAR ZMZMBZMW
    ZWZWEUSD
  `;

  // What people write besides the names of ICU.
  const also = {
    BO: 'Bolivia, Plurinational State of', BN: 'Brunei Darussalam', CD: 'Democratic Republic of the Congo',
    CG: 'Republic of the Congo', CI: 'Ivory Coast', CV: 'Cabo Verde', CZ: 'Czech Republic', FM: 'Micronesia',
    GB: 'Great Britain;United Kingdom of Great Britain and Northern Ireland;UK;England;Scotland;Wales',
    HK: 'Hong Kong', IR: 'Iran, Islamic Republic of', KP: 'Democratic People\'s Republic of Korea',
    KR: 'Republic of Korea;Korea, Republic of;Korea', LA: 'Lao People\'s Democratic Republic', MD: 'Republic of Moldova',
    MK: 'Macedonia', MM: 'Burma;Myanmar', MO: 'Macao;Macau', NL: 'Holland;The Netherlands', PS: 'Palestine',
    RU: 'Russian Federation', SY: 'Syrian Arab Republic', SZ: 'Swaziland', TR: 'Turkey;T\u00fcrkiye', TW: 'Taiwan, Province of China',
    TZ: 'United Republic of Tanzania', US: 'United States of America;USA;U.S.A.;U.S.;America', VA: 'Holy See',
    VE: 'Venezuela, Bolivarian Republic of', VN: 'Viet Nam', AE: 'UAE',
  };

  function plain(name) {
    const letters = apply(replace, apply(normalize, name, ['NFKD']), [/[\u0300-\u036f.]/g, '']);
    const words = apply(replace, apply(toLowerCase, letters, []), [/&/g, 'and']);
    return apply(trim, apply(replace, apply(replace, words, [/[\u2018\u2019]/g, "'"]), [/\s+/g, ' ']), []);
  }

  let by_name = null; // made when first asked for; only texts go in and come out

  function countries() {
    if (by_name !== null) return by_name;
    by_name = { __proto__: null };
    const english = new Intl.DisplayNames('en', { type: 'region' });
    for (const row of apply(split, apply(trim, table, []), [/\s+/])) {
      const country = {
        __proto__: null, iso2: apply(slice, row, [0, 2]), iso3: apply(slice, row, [2, 5]), currency: apply(slice, row, [5]),
      };
      const others = apply(split, also[country.iso2] ?? '', [';']);
      for (const name of [country.iso2, country.iso3, english.of(country.iso2), ...others]) {
        if (name !== '') by_name[plain(name)] = country;
      }
    }
    return by_name;
  }

  const find = (name) => countries()[plain(`${name}`)];

  return {
    currencyCode: (country) => find(country)?.currency || undefined,
    currencySymbol(code) {
      const upper = `${code}`;
      try {
        const format = new Intl.NumberFormat('en', { style: 'currency', currency: upper, currencyDisplay: 'narrowSymbol' });
        for (const part of format.formatToParts(1)) if (part.type === 'currency') return part.value;
      } catch {
        // no currency has such a code
      }
      return undefined;
    },
    iso2CountryCode: (country) => find(country)?.iso2,
    iso3CountryCode: (country) => find(country)?.iso3,
  };
});
